// Mandates over plain HTTP: who has the token may ask for what tools do, and only who has a
// credential of their own decides.
#include <gmock/gmock.h>

#include <csignal>

#include "blackbox/mandates_fixture.hpp"
#include "blackbox/mandates_scripts.hpp"

namespace hearth::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Ada's, of which the configuration has the hash; and Eve's, which stands in a file.
constexpr const char* credential = "correct-horse-battery-staple-correct-horse";
constexpr const char* credential_hash =
    "c2518080c0c9fe637e924bd80f4e0f1abbd5f5feec4d2c174b9297cd7e3fcca3";
constexpr const char* other_credential = "another-horse-of-thirty-two-letters-or-more";

class MandatesHttp : public MandatesTest {
 protected:
  void SetUp() override {
    serve(correct_greeting);
    write_file(home_.file("eve.key"), std::string(other_credential) + "\n");
    ::chmod(home_.file("eve.key").c_str(), 0600);
    configure("[http.approvers.ada]\nsha256 = \"" + std::string(credential_hash) +
              "\"\n[http.approvers.eve]\nfile = \"" + home_.file("eve.key") + "\"\n");
  }
  // Starts the daemon with this besides.
  void configure(const std::string& more, bool has_token = true) {
    write_file(home_.file("config.toml"),
               read_file(home_.file("config.toml")) + "[daemon]\nroots = [\"" + repository_.path() +
                   "\"]\n[http]\nenabled = true\n" + (has_token ? "" : "token = false\n") + more);
    start();
  }
  void start() {
    ASSERT_EQ(hearth({"daemon", "start"}).exit_code, 0) << home_.log_text();
    const auto place = json::parse(read_file(home_.file("run/http.json")));
    ASSERT_TRUE(place);
    const std::string url(json::string_or(*place, "url", ""));
    port_ = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
    token_ = read_file(home_.file("state/http.token")).substr(0, 64);
  }
  HttpReply http(const std::string& method,
                 const std::string& path,
                 const std::string& body = "",
                 const HttpHeaders& headers = {}) {
    return HttpClient(port_, token_).ask(method, path, headers, body);
  }
  // The data of an answer; empty, and a failure, when there is none.
  json::Value data(const HttpReply& reply) {
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto envelope = json::parse(reply.body);
    const json::Value* data = envelope ? json::find(*envelope, "data") : nullptr;
    return data == nullptr ? json::Value(json::Object{}) : *data;
  }
  // "404 not_found: no mandate x"
  static std::string failure(const HttpReply& reply) {
    const auto envelope = json::parse(reply.body);
    const json::Value* error = envelope ? json::find(*envelope, "error") : nullptr;
    return std::to_string(reply.status) + " " +
           (error == nullptr ? reply.body
                             : std::string(json::string_or(*error, "code", "")) + ": " +
                                   std::string(json::string_or(*error, "message", "")));
  }
  HttpReply decide(const std::string& proposal,
                   const std::string& verb,
                   const std::string& body,
                   const std::string& approver) {
    HttpHeaders headers;
    if (!approver.empty()) headers.emplace_back("Hearth-Approver", approver);
    return http("POST", "/v1/approvals/" + proposal + "/" + verb, body, headers);
  }
  std::string digest_of(const std::string& proposal) {
    const json::Value shown = data(http("GET", "/v1/approvals/" + proposal));
    const json::Value* approval = json::find(shown, "approval");
    return R"({"digest":")" +
           std::string(approval ? json::string_or(*approval, "digest", "") : "") + "\"}";
  }
  std::string start_run(const std::string& more = "") {
    const json::Value made =
        data(http("POST", "/v1/mandates",
                  R"({"name":"greeting","goal":"Correct the greeting","start":true,"workspace":")" +
                      repository_.path() + "\"" + more + "}"));
    return std::string(json::string_or(made, "run", ""));
  }

  // The result of a call of mandates_run_follow over /mcp, which may come as a stream of events.
  json::Value follow(int id, json::Object params) {
    HttpClient client(port_, token_);
    const json::Value request{
        {"jsonrpc", "2.0"}, {"id", id}, {"method", "tools/call"}, {"params", std::move(params)}};
    HttpReply reply = client.ask("POST", "/mcp",
                                 {{"Accept", "application/json, text/event-stream"},
                                  {"MCP-Protocol-Version", "2026-07-28"},
                                  {"Mcp-Method", "tools/call"},
                                  {"Mcp-Name", "mandates_run_follow"}},
                                 json::dump(request));
    EXPECT_EQ(reply.status, 200) << reply.body;
    if (reply.header("content-type").starts_with("text/event-stream")) {
      for (auto event = client.event(); event; event = client.event()) {
        if (event->data.contains("\"id\":")) reply.body = event->data;
      }
    }
    const auto message = json::parse(reply.body);
    const json::Value* result = message ? json::find(*message, "result") : nullptr;
    return result == nullptr ? json::Value(json::Object{{"answer", reply.body}}) : *result;
  }

  std::uint16_t port_ = 0;
  std::string token_;
};

TEST_F(MandatesHttp, ListsCreatesAndStops) {
  EXPECT_EQ(json::int_or(data(http("GET", "/v1/mandates")), "total", -1), 0);
  const std::string run = start_run();
  EXPECT_EQ(json::int_or(data(http("GET", "/v1/mandates?limit=5&offset=0")), "total", -1), 1);
  const json::Value shown = data(http("GET", "/v1/mandates/greeting"));
  EXPECT_EQ(json::string_or(shown.at("mandate"), "goal", ""), "Correct the greeting");
  (void)wait_for(run, "blocked");
  EXPECT_EQ(json::string_or(data(http("GET", "/v1/runs/" + run)), "reason", ""),
            "waiting_approval");
  EXPECT_EQ(data(http("GET", "/v1/runs?mandate=greeting")).at("runs").as_array().size(), 1U);
  EXPECT_THAT(json::dump(data(http("GET", "/v1/runs/" + run + "/logs"))),
              HasSubstr("The greeting is wrong."));
  const json::Value stopped =
      data(http("POST", "/v1/mandates/greeting/stop", R"({"reason":"enough"})"));
  EXPECT_EQ(json::string_or(stopped, "state", ""), "stopped");
  EXPECT_EQ(json::string_or(wait_for(run, "ended"), "outcome", ""), "stopped");
}

TEST_F(MandatesHttp, SaysWhatIsWrong) {
  EXPECT_THAT(failure(http("GET", "/v1/mandates/nobody")), HasSubstr("404 not_found: "));
  EXPECT_THAT(failure(http("GET", "/v1/mandates?colour=red")), HasSubstr("400 invalid_args: "));
  EXPECT_THAT(failure(http("GET", "/v1/mandates?limit=many")), HasSubstr("400 invalid_args: "));
  EXPECT_THAT(failure(http("POST", "/v1/mandates", "{")), HasSubstr("400 invalid_args: "));
  EXPECT_THAT(failure(http("POST", "/v1/mandates/x/stop", R"({"mandate":"y"})")),
              HasSubstr("400 invalid_args: mandate stands in the path"));
  EXPECT_THAT(
      failure(http("POST", "/v1/mandates", R"({"name":"n","goal":"g","workspace":"/usr"})")),
      HasSubstr("403 permission_denied: "));
}

TEST_F(MandatesHttp, SchedulesAreMadePausedRunAndRemoved) {
  (void)start_run();
  EXPECT_THAT(failure(http("POST", "/v1/schedules", R"({"mandate":"greeting","timing":"soon"})")),
              StartsWith("400 invalid_args: "));
  const json::Value made =
      data(http("POST", "/v1/schedules",
                R"({"mandate":"greeting","timing":"cron 0 9 * * *","zone":"Europe/Berlin"})"));
  const std::string id(json::string_or(made, "id", ""));
  EXPECT_EQ(json::string_or(made, "zone", ""), "Europe/Berlin");
  const std::string path = "/v1/schedules/" + id;
  const auto listed = [&] {
    return data(http("GET", "/v1/schedules?mandate=greeting")).at("schedules").as_array();
  };
  ASSERT_EQ(listed().size(), 1U);
  EXPECT_EQ(json::find(listed().front(), "gaps"), nullptr);
  const json::Value whole = data(http("GET", "/v1/schedules?gaps=5"));
  EXPECT_TRUE(whole.at("schedules").as_array().front().at("gaps").as_array().empty());
  EXPECT_EQ(
      json::string_or(data(http("POST", path + "/pause", R"({"reason":"holidays"})")), "state", ""),
      "paused");
  EXPECT_EQ(json::string_or(listed().front(), "reason", ""), "holidays");
  data(http("POST", path + "/resume"));
  EXPECT_EQ(json::string_or(listed().front(), "state", ""), "active");
  EXPECT_EQ(data(http("POST", path + "/trigger")).at("runs").as_array().size(), 1U);
  const json::Value past =
      data(http("POST", path + "/backfill",
                R"({"from":"2026-01-01T00:00:00Z","to":"2026-01-02T23:00:00Z"})"));
  EXPECT_NE(json::find(past, "runs"), nullptr) << json::dump(past);
  EXPECT_EQ(json::string_or(data(http("DELETE", path)), "state", ""), "removed");
  EXPECT_TRUE(listed().empty());
  EXPECT_THAT(failure(http("DELETE", path)), StartsWith("404 not_found: "));
  EXPECT_EQ(failure(http("GET", path)), "405 unsupported: use DELETE");
}

TEST_F(MandatesHttp, MandatesAreChangedAndDeletedAndRunsRetried) {
  const std::string run = start_run();
  (void)wait_for(run, "blocked");
  data(http("POST", "/v1/mandates/greeting/update", R"({"goal":"Say hello","run_calls":50})"));
  EXPECT_EQ(json::string_or(data(http("GET", "/v1/mandates/greeting")).at("mandate"), "goal", ""),
            "Say hello");
  EXPECT_THAT(failure(http("POST", "/v1/mandates/greeting/update", R"({"run_calls":5000})")),
              HasSubstr(": "));
  const json::Value spent = data(http("GET", "/v1/budget?run=" + run));
  EXPECT_GE(json::int_or(spent.at("run").at("used"), "calls", 0), 1) << json::dump(spent);
  EXPECT_NE(json::find(data(http("GET", "/v1/budget")), "day"), nullptr);
  const json::Value audited = data(http("GET", "/v1/audit"));
  EXPECT_TRUE(json::bool_or(audited, "intact", false)) << json::dump(audited);
  const json::Value examined = data(http("GET", "/v1/doctor"));
  EXPECT_FALSE(examined.at("findings").as_array().empty()) << json::dump(examined);
  EXPECT_THAT(failure(http("POST", "/v1/runs/" + run + "/retry")), HasSubstr("409 conflict: "));
  EXPECT_THAT(failure(http("DELETE", "/v1/mandates/greeting")), HasSubstr("409 conflict: "))
      << "it has to be stopped first";
  data(http("POST", "/v1/mandates/greeting/stop"));
  (void)wait_for(run, "ended");
  data(http("DELETE", "/v1/mandates/greeting"));
  EXPECT_THAT(failure(http("GET", "/v1/mandates/greeting")), StartsWith("404 not_found: "));
  for (const char* const path : {"/v1/schedules", "/v1/budget", "/v1/audit", "/v1/doctor"})
    EXPECT_EQ(HttpClient(port_).ask("GET", path).status, 401) << path;
}

// Before anything is looked at.
TEST_F(MandatesHttp, WhatIsTooLargeIsRefusedInTheSameForm) {
  HttpClient large_body(port_, token_);
  large_body.request("POST", "/v1/mandates", {{"Content-Length", "9000000"}});
  EXPECT_THAT(failure(large_body.reply()), StartsWith("413 invalid_args: the body of the request"));
  HttpClient large_head(port_, token_);
  large_head.request("GET", "/v1/mandates", {{"X", std::string(20'000, 'x')}});
  EXPECT_THAT(failure(large_head.reply()), StartsWith("431 invalid_args: the head of the request"));
}

// Whoever turns a request away: the answer has the form of all answers here, and not JSON-RPC's.
TEST_F(MandatesHttp, IsRefusedInTheFormOfItsAnswers) {
  EXPECT_THAT(failure(http("GET", "/v1/nothing")), StartsWith("404 not_found: docs/http.md lists"));
  const HttpReply method = http("DELETE", "/v1/mandates");
  EXPECT_EQ(failure(method), "405 unsupported: use GET, POST");
  EXPECT_EQ(method.header("allow"), "GET, POST");
  EXPECT_THAT(failure(http("GET", "/v1/mandates", "", {{"Origin", "http://evil.example"}})),
              StartsWith("403 permission_denied: Origin: "));
  EXPECT_THAT(failure(http("GET", "/v1/mandates", "", {{"Host", "evil.example"}})),
              StartsWith("403 permission_denied: Host: "));
  EXPECT_THAT(failure(http("GET", "/v1/mandates", "", {{"Hearth-Namespace", "../x"}})),
              StartsWith("400 invalid_args: Hearth-Namespace: "));
  EXPECT_THAT(failure(http("GET", "/v1/mandates?surface=odd")),
              StartsWith("400 invalid_args: ?surface=: "));
  for (const char* const path : {"/v1/mandates", "/v1/nothing", "/v1/admin/shutdown"}) {
    const HttpReply stranger = HttpClient(port_).ask("POST", path);
    EXPECT_THAT(failure(stranger), StartsWith("401 permission_denied: Authorization: ")) << path;
    EXPECT_EQ(stranger.header("www-authenticate"), "Bearer");
    EXPECT_THAT(stranger.body, StartsWith(R"({"schema_version":1,"ok":false,)"));
  }
  EXPECT_THAT(HttpClient(port_).ask("POST", "/mcp").body, StartsWith(R"({"jsonrpc":"2.0",)"));
}

TEST_F(MandatesHttp, AnApproverDecidesByACredentialOfTheirOwn) {
  const std::string run = start_run();
  const std::string proposal = wait_for_proposal();
  const json::Value shown = data(http("GET", "/v1/approvals/" + proposal + "?as_text=true"));
  EXPECT_THAT(std::string(json::string_or(shown, "text", "")), HasSubstr("-helo\n+hello\n"));
  const std::string digest = digest_of(proposal);

  for (const std::string& nobody : {std::string(), token_, std::string("guess"),
                                    std::string(credential) + "x", std::string(credential_hash)}) {
    EXPECT_THAT(failure(decide(proposal, "approve", digest, nobody)),
                HasSubstr("403 permission_denied: only a person decides this"))
        << nobody;
  }
  EXPECT_THAT(failure(decide(proposal, "approve", "{}", credential)), HasSubstr("400 "));
  EXPECT_THAT(failure(decide(proposal, "approve", R"({"digest":"00"})", credential)),
              HasSubstr("409 conflict: proposal " + proposal + " is not what was shown"));
  EXPECT_THAT(
      failure(decide(proposal, "approve", R"({"verb":"elevate","digest":"00"})", credential)),
      HasSubstr("400 "));
  EXPECT_THAT(decide(proposal, "approve", digest, "short").body,
              HasSubstr("a credential has 32 to 512 characters, and this one has 5"));
  const std::string more = digest.substr(0, digest.rfind('}')) + R"(,"foo":1})";
  EXPECT_THAT(failure(decide(proposal, "approve", more, credential)), HasSubstr("foo"));
  EXPECT_THAT(failure(http("GET", "/v1/approvals/" + proposal + "?as_text=true&as_text=false")),
              HasSubstr("400 "));
  EXPECT_EQ(http("POST", "/v1/approvals/" + proposal + "/elevate", digest,
                 {{"Hearth-Approver", credential}})
                .status,
            404);
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");

  const json::Value decided = data(decide(proposal, "approve", digest, credential));
  EXPECT_EQ(json::string_or(decided, "reviewer", ""), "ada over HTTP");
  EXPECT_THAT(failure(decide(proposal, "approve", digest, credential)),
              HasSubstr("409 conflict: proposal " + proposal + " is "));
  const std::string commit = wait_for_proposal();
  EXPECT_THAT(failure(decide(commit, "approve", digest, credential)),
              HasSubstr("is not what was shown"));
  data(decide(commit, "reject", digest_of(commit), other_credential));
  (void)wait_for(run, "ended");
  EXPECT_EQ(read_file(file("greeting.txt")), "hello\n");
  const std::string all = json::dump(data(http("GET", "/v1/approvals?state=all")));
  EXPECT_THAT(all, HasSubstr(R"("reviewer":"ada over HTTP")"));
  EXPECT_THAT(all, HasSubstr(R"("reviewer":"eve over HTTP")"));
  const std::string log = home_.log_text();
  EXPECT_THAT(log, HasSubstr("no approver's credential"));
  EXPECT_THAT(log, HasSubstr("is not what was shown"));
  EXPECT_EQ(log.find(credential), std::string::npos);
  EXPECT_TRUE(json::bool_or(mandates({"audit"}), "intact", false));
}

TEST_F(MandatesHttp, ACommandMayPrintTheCredential) {
  ASSERT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  serve(correct_greeting);
  configure("[http.approvers.joe]\ncommand = [\"head\", \"-1\", \"" + home_.file("eve.key") +
            "\"]\n[http.approvers.nobody]\ncommand = [\"false\"]\n");
  const std::string run = start_run();
  const std::string proposal = wait_for_proposal();
  const std::string digest = digest_of(proposal);
  EXPECT_THAT(failure(decide(proposal, "reject", digest, credential)), StartsWith("403 "));
  const json::Value decided = data(decide(proposal, "reject", digest, other_credential));
  EXPECT_EQ(json::string_or(decided, "reviewer", ""), "joe over HTTP");
  (void)wait_for(run, "ended");
  EXPECT_THAT(home_.log_text(), HasSubstr("an approver is left out name=nobody"));
  EXPECT_EQ(home_.log_text().find(other_credential), std::string::npos);
}

// MCP without a handshake: no session, and each round is a request of its own.
TEST_F(MandatesHttp, AFollowerOfTheModernEraLendsItsModel) {
  const std::string run = start_run(R"(,"model":"client")");
  (void)wait_for(run, "blocked");
  ClientModel model;
  json::Object params{{"name", "mandates_run_follow"}, {"arguments", {{"run", run}}}};
  json::Value result;
  for (int round = 0; round < 8; ++round) {
    result = follow(round, modern(params));
    if (json::string_or(result, "resultType", "") != "input_required") break;
    json::Object answers;
    for (const auto& question : result.at("inputRequests").as_object())
      answers[question.key()] = model(question.value().at("params"));
    params["inputResponses"] = std::move(answers);
    params["requestState"] = result.at("requestState");
  }
  EXPECT_EQ(model.asked.size(), 3U) << "orient, decide, reflect";
  const json::Value* row = json::find(result, "structuredContent");
  ASSERT_NE(row, nullptr) << json::dump(result);
  EXPECT_EQ(json::string_or(*row, "outcome", ""), "succeeded");
  EXPECT_TRUE(questions().empty()) << "the server was not asked";
}

TEST_F(MandatesHttp, WhoLeavesAnswersNothing) {
  const std::string run = start_run(R"(,"model":"client")");
  (void)wait_for(run, "blocked");
  json::Object params{{"name", "mandates_run_follow"}, {"arguments", {{"run", run}}}};
  const json::Value asked = follow(1, modern(params));
  ASSERT_EQ(json::string_or(asked, "resultType", ""), "input_required") << json::dump(asked);
  // The state of another round, and one that was edited, are none.
  params["requestState"] = std::string(asked.at("requestState").as_string()) + "x";
  params["inputResponses"] = json::Object{};
  EXPECT_NE(json::string_or(follow(2, modern(params)), "resultType", ""), "input_required");
  EXPECT_NE(json::string_or(data(http("GET", "/v1/runs/" + run)), "state", ""), "ended");
}

TEST_F(MandatesHttp, WhatIsTooLateIsRefused) {
  const std::string run = start_run(R"(,"approval_time":1)");
  const std::string proposal = wait_for_proposal();
  const std::string digest = digest_of(proposal);
  (void)wait_for(run, "ended");
  EXPECT_THAT(failure(decide(proposal, "approve", digest, credential)),
              HasSubstr("409 conflict: proposal " + proposal + " is expired"));
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
}

// As somebody with an SQL shell, while no daemon runs.
TEST_F(MandatesHttp, WhatWasEditedIsRefused) {
  (void)start_run();
  const std::string proposal = wait_for_proposal();
  const std::string digest = digest_of(proposal);
  ASSERT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  const Outcome edited = run(
      {.words = {"/usr/bin/python3", "-c",
                 "import sqlite3,sys; d=sqlite3.connect(sys.argv[1]); d.execute('UPDATE proposals "
                 "SET sealed = CAST(replace(CAST(sealed AS TEXT), ?, ?) AS BLOB)', ('hello', "
                 "'hullo')); d.commit()",
                 home_.file("data/default/mandates/mandates.db")}},
      seconds(30));
  ASSERT_EQ(edited.exit_code, 0) << edited.describe();
  start();
  EXPECT_THAT(failure(http("GET", "/v1/approvals/" + proposal)),
              HasSubstr("403 permission_denied: the proposal was not made by this daemon"));
  EXPECT_THAT(failure(decide(proposal, "approve", digest, credential)),
              HasSubstr("403 permission_denied: the proposal was not made by this daemon"));
  EXPECT_THAT(home_.log_text(), HasSubstr("refused a decision"));
  EXPECT_EQ(read_file(file("greeting.txt")), "helo\n");
}

TEST_F(MandatesHttp, ReloadsAndLeaves) {
  write_file(home_.file("config.toml"),
             read_file(home_.file("config.toml")) + "[client]\nstrict = true\n");
  EXPECT_TRUE(json::bool_or(data(http("POST", "/v1/admin/reload")), "reloaded", false));
  write_file(home_.file("config.toml"), "[http]\nenabled = perhaps\n");
  EXPECT_THAT(failure(http("POST", "/v1/admin/reload")), HasSubstr("400 invalid_args: "));
  const auto daemons = home_.daemons();
  ASSERT_EQ(daemons.size(), 1U);
  EXPECT_EQ(http("GET", "/v1/admin/shutdown").status, 405);
  data(http("POST", "/v1/admin/shutdown"));
  EXPECT_TRUE(eventually([&] { return !is_alive(daemons.front()); }, seconds(20)));
}

// Every user of the machine can call tools then, and nobody can do more.
TEST_F(MandatesHttp, WithoutATokenNobodyDecidesOrStops) {
  ASSERT_EQ(hearth({"daemon", "stop"}).exit_code, 0);
  serve(correct_greeting);
  configure("[http.approvers.ada]\nsha256 = \"" + std::string(credential_hash) + "\"\n", false);
  (void)start_run();
  const std::string proposal = wait_for_proposal();
  EXPECT_THAT(failure(decide(proposal, "approve", digest_of(proposal), credential)),
              HasSubstr("403 permission_denied: "));
  for (const char* const path : {"/v1/admin/reload", "/v1/admin/shutdown"})
    EXPECT_THAT(failure(http("POST", path)), HasSubstr("403 permission_denied: "));
}

}  // namespace
}  // namespace hearth::test
