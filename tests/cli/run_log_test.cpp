#include "cli/run_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const std::vector<json::Object>& news) {
  std::vector<std::string> names;
  for (const json::Object& each : news) {
    const json::Value value(each);
    names.push_back(std::string(json::string_or(value, "kind", "")) + " " +
                    std::string(json::string_or(value, "phase", "")) +
                    std::string(json::string_or(value, "step", "")) +
                    std::string(json::string_or(value, "reason", "")));
  }
  return names;
}

json::Value logs(const std::string& text) {
  return json::parse(text).value();
}

TEST(RunLog, TellsEachThingOnceInTheOrderOfItsHappening) {
  RunLog log;
  const json::Value first = logs(
      R"({"run":{"state":"blocked","reason":"waiting_approval"},"effects":[],
          "phases":[{"cycle":1,"phase":"observe","state":"done","text":"o"},{"cycle":1,"phase":"act","state":"open","text":""}],
          "steps":[{"cycle":1,"step":"a","state":"done","output":""}]})");
  EXPECT_THAT(names(log.news(first)),
              ElementsAre("phase observe", "step a", "run waiting_approval"));
  EXPECT_THAT(log.news(first), IsEmpty());
  EXPECT_FALSE(log.has_ended());
  const json::Value second = logs(
      R"({"run":{"state":"ended","outcome":"succeeded","reason":"goal reached"},"effects":[],
          "phases":[{"cycle":1,"phase":"observe","state":"done","text":"o"},{"cycle":1,"phase":"act","state":"done","text":""},
                    {"cycle":1,"phase":"reflect","state":"done","text":"r"}],
          "steps":[{"cycle":1,"step":"a","state":"done","output":""},{"cycle":1,"step":"b","state":"failed","output":"no"}]})");
  EXPECT_THAT(names(log.news(second)),
              ElementsAre("phase act", "step b", "phase reflect", "run goal reached"));
  EXPECT_TRUE(log.has_ended());
  EXPECT_EQ(log.exit_status(), 0);
}

TEST(RunLog, ARunThatFailedSaysSo) {
  RunLog log;
  (void)log.news(logs(
      R"({"run":{"state":"ended","outcome":"failed","reason":"budget"},"effects":[],"phases":[],"steps":[]})"));
  EXPECT_EQ(log.exit_status(), 1);
}

TEST(LogLines, ShowTheTextBelow) {
  EXPECT_EQ(log_lines({{"kind", "phase"},
                       {"cycle", 2},
                       {"phase", "orient"},
                       {"state", "done"},
                       {"text", "a\n\x1b[2J\n"}}),
            "cycle 2  orient  done\n    a\n    \\x1b[2J\n");
  EXPECT_EQ(log_lines({{"kind", "step"},
                       {"cycle", 1},
                       {"step", "s"},
                       {"state", "failed"},
                       {"output", "denied"}}),
            "cycle 1  step s  failed\n    denied\n");
  EXPECT_EQ(
      log_lines({{"kind", "run"}, {"state", "ended"}, {"outcome", "failed"}, {"reason", "stop"}}),
      "run ended, failed: stop\n");
  std::string text;
  for (int i = 0; i < 20; ++i) text += "x\n";
  EXPECT_THAT(log_lines({{"kind", "phase"}, {"text", text}}), HasSubstr("(8 lines more"));
}

}  // namespace
}  // namespace hearth::cli
