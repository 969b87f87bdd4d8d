#include "cli/output.hpp"

#include <gtest/gtest.h>

#include "cli/human.hpp"
#include "cli/status_page.hpp"

namespace hearth::cli {
namespace {

TEST(FailureText, HasWhatHappenedAndWhatToDo) {
  EXPECT_EQ(failure_text({Errc::io, "it broke", {}}), "hearth: it broke\n");
  EXPECT_EQ(failure_text({Errc::io, "it\nbroke\x1b", {"mend it", "buy another"}}),
            "hearth: it⏎ broke\\x1b\n  try: mend it; or buy another\n");
}

TEST(Human, SizesAndTimes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1536), "1.5 KiB");
  EXPECT_EQ(human_bytes(std::uint64_t{11} << 20), "11 MiB");
  EXPECT_EQ(human_duration(0.25), "0.2 s");
  EXPECT_EQ(human_duration(59), "59 s");
  EXPECT_EQ(human_duration(200), "3 min 20 s");
  EXPECT_EQ(human_duration(3600), "1 h");
  EXPECT_EQ(human_duration(90000), "1 d 1 h");
}

TEST(StatusPage, IsReadable) {
  const auto status = json::parse(R"({
    "state":"running","pid":42,"version":"0.1.0","mode":"shared","uptime_s":75,
    "resident_bytes":11534336,"requests_in_flight":1,"sessions_served":9,
    "sessions":[{"client":"claude-code","kind":"bridge","pid":7,"cwd":"/p","namespace":"default","in_flight":1}],
    "tools":{"knowledge_search":{"calls":5,"errors":0,"p50_ms":0.4,"p99_ms":12.3,"max_ms":13}},
    "packs":{"knowledge":{"warmth":"warm","stores":[{"namespace":"default","path":"/d","bytes":2048}]}},
    "fallbacks":{"spawn_failed":2},"refusals":{},
    "paths":{"socket":"/run/s","data":"/d","log":"/l","config":"/c"}})");
  ASSERT_TRUE(status);
  EXPECT_EQ(status_page(*status, {}),
            "hearthd 0.1.0 is running (shared), pid 42, up 1 min 15 s, 11 MiB resident\n"
            "socket  /run/s\n"
            "data    /d\n"
            "log     /l\n"
            "config  /c\n"
            "\n"
            "sessions: 1 open, 9 served, 1 requests in flight\n"
            "client       kind    pid  namespace  in flight  directory\n"
            "claude-code  bridge  7    default    1          /p\n"
            "\n"
            "packs\n"
            "pack       state  namespace  size\n"
            "knowledge  warm   default    2.0 KiB\n"
            "\n"
            "tools\n"
            "tool              calls  errors  p50 ms  p99 ms  max ms\n"
            "knowledge_search  5      0       0.40    12      13\n"
            "\n"
            "clients that fell back to a private daemon\n"
            "reason        count\n"
            "spawn_failed  2\n");
}

TEST(StatusPage, SurvivesAnyShape) {
  for (const char* text : {"{}", "[]", "null", R"({"sessions":7,"packs":[],"tools":{"x":1}})"})
    EXPECT_FALSE(status_page(*json::parse(text), {}).empty()) << text;
}

}  // namespace
}  // namespace hearth::cli
