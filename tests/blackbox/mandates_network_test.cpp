// Commands that reach a host, and are given a secret, with the real programs: a person sees both
// before they happen, and nothing that is kept or told holds the secret.
#include <gmock/gmock.h>

#include <filesystem>

#include "blackbox/mandates_fixture.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* secret = "tok-7f3a9c51e2b84d06";

class MandatesNetwork : public MandatesTest {
 protected:
  // The model wants `program` to be run with the addresses of the host it may reach and of one it
  // may not.
  void serve_command(const std::string& hosts) {
    write_file(scratch_ / "token", std::string(secret) + "\n");
    write_file(file("send.py"), R"(
import os, sys, urllib.error, urllib.request
for url in sys.argv[1:]:
    try:
        with urllib.request.urlopen(url, os.environ["TOKEN"].encode(), timeout=20) as answer:
            print(answer.read().decode())
    except urllib.error.HTTPError as error:
        print(error)
)");
    target_.emplace();
    const std::string words =
        R"(["python3","send.py",")" + target_->url("/echo") + R"(","http://localhost:1/"])";
    serve(R"({"orient": ["o"], "decide": [{"reasoning": "r", "steps": [
            {"id": "send", "kind": "command", "words": )" +
              words + R"(}]}], "reflect": [{"goal_reached": true, "summary": "s"}]})",
          "",
          "[mandates.secrets.token]\nfile = \"" + (scratch_ / "token") +
              "\"\ncommands = [\"python3 send.py ...\"]\nhosts = [" + hosts + "]\n");
  }
  [[nodiscard]] std::string host() const {
    return target_->url("").substr(std::string("http://").size());
  }
  [[nodiscard]] std::vector<std::string> creation() const {
    return {"mandates",
            "create",
            "sender",
            "Send it",
            "--start",
            R"(--commands={"rule":"python3 send.py ...","hosts":[")" + host() +
                R"("],"secrets":[{"variable":"TOKEN","secret":"token"}]})"};
  }
  std::optional<HttpServer> target_;
};

TEST_F(MandatesNetwork, ACommandReachesItsHostWithItsSecret) {
  serve_command("\"127.0.0.1\"");
  const std::string run(json::string_or(ask(creation()), "run", ""));
  const std::string proposal = wait_for_proposal();
  const Outcome shown = at_terminal({"mandates", "approve", proposal}, "yes");
  EXPECT_EQ(shown.exit_code, 0) << shown.describe();
  EXPECT_THAT(shown.out, HasSubstr("it may reach " + host()));
  EXPECT_THAT(shown.out, HasSubstr("it is given the secret token as TOKEN"));
  (void)wait_for(run, "ended");
  const std::string printed = output_of(run, "send");
  EXPECT_THAT(printed, HasSubstr("[secret token]")) << json::dump(mandates({"run-logs", run}));
  EXPECT_THAT(printed, HasSubstr("HTTP Error 403"));
  EXPECT_THAT(printed, HasSubstr("no rule names it: localhost:1"));
  // It arrived, and nowhere else is it.
  const std::string address = target_->url("");
  HttpClient client(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  EXPECT_THAT(client.ask("GET", "/seen").body, HasSubstr(secret));
  const std::string prompts = json::dump(json::Value(questions()));
  EXPECT_THAT(prompts, HasSubstr("It may reach " + host()));
  EXPECT_THAT(prompts, HasSubstr("Its variable TOKEN holds the secret token"));
  EXPECT_THAT(prompts, Not(HasSubstr(secret)));
  EXPECT_THAT(json::dump(mandates({"run-logs", run})), Not(HasSubstr(secret)));
  EXPECT_THAT(home_.log_text(), Not(HasSubstr(secret)));
  EXPECT_THAT(json::dump(mandates({"approval", proposal})), Not(HasSubstr(secret)));
  for (const auto& each : std::filesystem::recursive_directory_iterator(home_.file(""))) {
    if (each.is_regular_file()) {
      EXPECT_FALSE(read_file(each.path().string()).contains(secret)) << each.path();
    }
  }
}

TEST_F(MandatesNetwork, AMandateMayNotTakeASecretElsewhere) {
  serve_command("\"*.example.org\"");
  const Outcome refused = hearth(creation());
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.err, HasSubstr("the secret token is not for 127.0.0.1"));
}

}  // namespace
}  // namespace hearth::test
