// What only a person says at a terminal besides approving: whether a step that was cut off has
// happened, and that the clock is right. And what scripts ask: do the journal and the machine hold?
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "blackbox/mandates_fixture.hpp"
#include "blackbox/mandates_scripts.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;

class MandatesPerson : public MandatesTest {
 protected:
  // A command that writes, and of which the daemon dies; the key of what a person is to look at.
  std::string cut_off(const std::string& mandate) {
    std::filesystem::remove(file("begun"));
    const json::Value made =
        mandates({"create", mandate, "Take your time", "--start", "--retries=0",
                  R"(--commands={"rule":"sh -c ...","scope":"auto","writes":true})"});
    run_ = std::string(json::string_or(made, "run", ""));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(file("begun")); }, seconds(60)))
        << json::dump(mandates({"run-logs", run_}));
    kill_daemon();
    EXPECT_EQ(json::string_or(wait_for(run_, "blocked"), "reason", ""), "needs_review");
    const json::Value waiting = mandates({"approvals"});
    const json::Array& keys = waiting.at("for_review").as_array();
    if (keys.size() == 1) return std::string(keys.front().as_string());
    ADD_FAILURE() << json::dump(waiting);
    return {};
  }

  static constexpr const char* slow = R"({"orient": ["o"],
    "decide": [{"reasoning": "r", "steps": [
      {"id": "slow", "kind": "command", "words": ["sh", "-c", "touch begun; sleep 300"]}]}],
    "reflect": [{"goal_reached": true, "summary": "s"}]})";
  std::string run_;
};

TEST_F(MandatesPerson, SaysWhetherWhatWasCutOffHappened) {
  serve(slow, "", "agents_may = \"auto\"\n");
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  const std::string key = cut_off("first");
  // Nobody is there; nothing that is typed but yes counts; agents have no such tool.
  Plan plan = home_.plan({"mandates", "resolve", key, "happened"});
  plan.before_exec = [] { (void)::setsid(); };
  EXPECT_NE(run(plan, seconds(30)).exit_code, 0);
  EXPECT_NE(at_terminal({"mandates", "resolve", key, "happened"}, "y").exit_code, 0);
  EXPECT_NE(at_terminal({"mandates", "resolve", key, "perhaps"}, "yes").exit_code, 0);
  EXPECT_NE(at_terminal({"mandates", "resolve", key + "x", "happened"}, "yes").exit_code, 0);
  EXPECT_NE(hearth({"call", "mandates_resolve", R"({"effect":")" + key + "\"}"}).exit_code, 0);
  EXPECT_EQ(json::string_or(mandates({"run-show", run_}), "state", ""), "blocked");

  const Outcome said = at_terminal({"mandates", "resolve", key, "happened"}, "yes");
  EXPECT_EQ(said.exit_code, 0) << said.describe();
  EXPECT_THAT(said.out, HasSubstr("it was cut off")) << "what is known is shown";
  EXPECT_THAT(said.out, HasSubstr("This happened. "));
  EXPECT_EQ(json::string_or(wait_for(run_, "ended"), "outcome", ""), "succeeded");
  EXPECT_THAT(output_of(run_, "slow"), HasSubstr("it happened, says "));
  EXPECT_NE(at_terminal({"mandates", "resolve", key, "did-not-happen"}, "yes").exit_code, 0);

  const std::string other = cut_off("second");
  const Outcome denied = at_terminal({"mandates", "resolve", other, "did-not-happen"}, "yes");
  EXPECT_EQ(denied.exit_code, 0) << denied.describe();
  (void)wait_for(run_, "ended");
  EXPECT_THAT(output_of(run_, "slow"), HasSubstr("it did not happen, says "));
  EXPECT_EQ(hearth({"mandates", "audit"}).exit_code, 0);
}

// A connection that another program has made stays that program's, whoever holds it afterwards, and
// whatever it becomes: while the daemon has not seen it yet, or when it has said all already.
TEST_F(MandatesPerson, WhoConnectedDecidesAndNotWhoTookItsPlace) {
  mandates({"create", "greeting", "Correct the greeting", "--run-calls=5"});
  const json::Value budget = mandates({"budget", "--mandate=greeting"});
  const std::string digest(json::string_or(budget, "digest", ""));
  ASSERT_FALSE(digest.empty());
  write_file(scratch_ / "steal.py", R"(import json, os, signal, socket, struct, sys, time
path, program, digest, way, daemon = sys.argv[1:]
def stop(how):
    if way != "greeted":
        os.kill(int(daemon), how)
s = socket.socket(socket.AF_UNIX)
def send(message):
    body = json.dumps(message).encode()
    s.sendall(struct.pack(">I", len(body)) + body)
def receive():
    size = struct.unpack(">I", s.recv(4, socket.MSG_WAITALL))[0]
    return s.recv(size, socket.MSG_WAITALL).decode()
def greet():
    send({"jsonrpc": "2.0", "id": 0, "method": "hello", "params": {"protocol": 1, "client": {
        "name": "hearth", "version": "0.1.0", "pid": os.getpid(), "kind": "cli"},
        "namespace": "default", "cwd": os.getcwd()}})
def challenge():
    return json.loads(receive())["result"].get("challenge", "")
def decide(challenge):
    send({"jsonrpc": "2.0", "id": 9, "method": "daemon/decide", "params": {"pack": "mandates",
        "challenge": challenge, "arguments": {"verb": "budget", "mandate": "greeting",
        "digest": digest, "limits": {"run_calls": 777}}}})
stop(signal.SIGSTOP)
s.connect(path)
s.set_inheritable(True)
if way == "greeted":
    greet()
    known = challenge()
if way == "said":
    greet()
    decide("")
parent = os.getpid()
if os.fork() == 0:
    while os.readlink(f"/proc/{parent}/exe") != os.path.realpath(program):
        time.sleep(0.01)
    stop(signal.SIGCONT)
    if way == "connected":
        greet()
    if way != "greeted":
        known = challenge()
    if way != "said":
        decide(known)
    with open("answer-" + way, "w") as answer:
        answer.write(receive())
    os.kill(parent, signal.SIGKILL)
    os._exit(0)
os.execv(program, [program, "mcp"])
)");
  const std::string program = home_.plan({}).words.front();
  for (const std::string way : {"greeted", "connected", "said"}) {
    ASSERT_EQ(home_.daemons().size(), 1U);
    Plan plan = home_.plan({});
    plan.words = {"/usr/bin/script", "-qec",
                  "exec /usr/bin/python3 " + (scratch_ / "steal.py") + " " + home_.socket() + " " +
                      program + " " + digest + " " + way + " " +
                      std::to_string(home_.daemons().front()),
                  "/dev/null"};
    plan.cwd = repository_.path();
    plan.has_input = plan.pipes_output = true;
    const Outcome outcome = run(plan, seconds(60));
    EXPECT_THAT(read_file(file("answer-" + way)), HasSubstr("only a person decides this"))
        << way << outcome.describe();
    EXPECT_EQ(mandates({"budget", "--mandate=greeting"}), budget) << way;
  }
}

// There a program is its own master, and tells the kernel which one it is.
TEST_F(MandatesPerson, IsInTheUserNamespaceOfTheDaemon) {
  const std::vector<std::string> apart{"/usr/bin/unshare", "--user", "--map-current-user"};
  std::vector<std::string> probe = apart;
  probe.emplace_back("/usr/bin/true");
  if (run({.words = probe}, seconds(30)).exit_code != 0) GTEST_SKIP() << "no user namespaces here";
  mandates({"create", "greeting", "Correct the greeting", "--run-calls=5"});
  const Outcome refused =
      at_terminal({"mandates", "budget-set", "greeting", "--run-calls=6"}, "yes", apart);
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.out, HasSubstr("another user namespace"));
  EXPECT_EQ(at_terminal({"mandates", "budget-set", "greeting", "--run-calls=6"}, "yes").exit_code,
            0);
}

// A daemon that ran while the date was wrong.
TEST_F(MandatesPerson, SaysThatTheClockIsRight) {
  serve(correct_greeting);
  Environment& variables = home_.environment();
  variables["LD_PRELOAD"] = HEARTH_CLOCK_SHIFT;
  variables["HEARTH_TEST_CLOCK_SHIFT"] = "864000";
  mandates({"create", "later", "Look", "--timing=every 1h"});
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  variables.erase("LD_PRELOAD");
  variables.erase("HEARTH_TEST_CLOCK_SHIFT");

  const auto lag = [&] { return json::int_or(mandates({"status"}), "clock_lag_ms", -1); };
  EXPECT_GT(lag(), 863'000'000);
  EXPECT_THAT(hearth({"mandates", "status"}).out, HasSubstr("hearth mandates accept-clock"));
  const Outcome examined = hearth({"mandates", "doctor"});
  EXPECT_EQ(examined.exit_code, 1) << examined.describe();

  Plan plan = home_.plan({"mandates", "accept-clock"});
  plan.before_exec = [] { (void)::setsid(); };
  EXPECT_NE(run(plan, seconds(30)).exit_code, 0) << "nobody is there";
  EXPECT_NE(at_terminal({"mandates", "accept-clock"}, "no").exit_code, 0);
  EXPECT_GT(lag(), 863'000'000);
  const Outcome said = at_terminal({"mandates", "accept-clock"}, "yes");
  EXPECT_EQ(said.exit_code, 0) << said.describe();
  EXPECT_THAT(said.out, HasSubstr("s behind what was journaled"));
  EXPECT_LT(lag(), 60'000);
  // Its schedule goes on from here, also after a restart.
  const auto next = parse_rfc3339(json::string_or(mandates({"status"}), "next", ""));
  ASSERT_TRUE(next);
  EXPECT_LT(*next, SystemClock().wall() + std::chrono::hours(2));
  kill_daemon();
  EXPECT_LT(lag(), 60'000);
  EXPECT_EQ(hearth({"mandates", "audit", "verify"}).exit_code, 0);
  EXPECT_THAT(read_file(home_.file("data/default/mandates/journal")), HasSubstr("clock_accepted"));
}

// What scripts go by. Without a configuration, as it is after the installation.
TEST_F(MandatesPerson, TheExitStatusSaysWhetherItHolds) {
  const bool has_walls = has_sandbox();
  const Outcome fresh = hearth({"mandates", "doctor", "--json"});
  EXPECT_EQ(fresh.exit_code, has_walls ? 0 : 1) << fresh.describe();
  EXPECT_THAT(fresh.out, HasSubstr(R"("check":"model","good":true,"level":"note")"));
  EXPECT_EQ(hearth({"mandates", "audit"}).exit_code, 0);
  EXPECT_EQ(hearth({"mandates", "audit", "verify"}).exit_code, 0);
  EXPECT_EQ(hearth({"mandates", "audit", "mend"}).exit_code, 2);
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);

  write_file(home_.file("config.toml"), "[mandates]\nbubblewrap = \"/nowhere/bwrap\"\n");
  const Outcome open = hearth({"mandates", "doctor"});
  EXPECT_EQ(open.exit_code, 1) << open.describe();
  EXPECT_THAT(open.out, HasSubstr("/nowhere/bwrap"));
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  std::filesystem::remove(home_.file("config.toml"));

  // Of a journal that is damaged both tell, though nothing else goes on.
  for (const char* const name : {"greeting", "other", "third"})
    mandates({"create", name, "Correct the greeting"});
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  const std::string path = home_.file("data/default/mandates/journal");
  std::string bytes = read_file(path);
  const auto at = bytes.find("greeting");
  ASSERT_NE(at, std::string::npos);
  bytes[at] = 'G';
  write_file(path, bytes);
  const Outcome audited = hearth({"mandates", "audit", "--json"});
  EXPECT_EQ(audited.exit_code, 1) << audited.describe();
  EXPECT_THAT(audited.out, HasSubstr(R"("intact":false)"));
  const Outcome examined = hearth({"mandates", "doctor", "--json"});
  EXPECT_EQ(examined.exit_code, 1) << examined.describe();
  EXPECT_THAT(examined.out, HasSubstr(R"("check":"store","good":false,"level":"error")"));
  EXPECT_NE(hearth({"mandates", "list"}).exit_code, 0);
}

// By the start of a daemon that has something to carry out, and not by any other.
TEST_F(MandatesPerson, TheStartTriesTheSandboxWhereAMandateMayNeedIt) {
  const auto said = [&](const char* name) {
    return std::string(json::string_or(mandates({"status"}), name, ""));
  };
  const auto restart = [&] {
    EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
    (void)mandates({"status"});
  };
  EXPECT_EQ(said("sandbox"), "not tried yet");
  mandates({"create", "idle", "Look", "--commits=deny"});
  restart();
  EXPECT_EQ(said("sandbox"), "not tried yet") << "nothing of it runs in one";
  mandates({"create", "busy", "Look", R"(--commands={"rule":"make ..."})"});
  write_file(home_.file("config.toml"), "[mandates]\nbubblewrap = \"/nowhere/bwrap\"\n");
  restart();
  EXPECT_TRUE(eventually([&] { return said("problem").contains("/nowhere/bwrap"); }, seconds(30)))
      << json::dump(mandates({"status"}));
  EXPECT_THAT(json::dump(ask({"daemon", "status"})), HasSubstr("/nowhere/bwrap"));
  EXPECT_THAT(home_.log_text(), HasSubstr("mandates cannot act"));
  std::filesystem::remove(home_.file("config.toml"));
  restart();
  if (!has_sandbox()) GTEST_SKIP() << "no sandbox here";
  restart();
  const auto is_tried = [&] {
    const std::string now = said("sandbox");
    return now == "all hold" || now == "landlock: absent";
  };
  EXPECT_TRUE(eventually(is_tried, seconds(60))) << said("sandbox");
  EXPECT_EQ(said("problem"), "");
  // A daemon that is told to leave does not wait for the proof.
  restart();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
}

}  // namespace
}  // namespace hearth::test
