#include "packs/sql/engine/duckdb_protocol.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "base/unique_fd.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

Request request() {
  return {.kind = RequestKind::execute,
          .statements = {{.sql = "INSERT",
                          .parameters = {{.name = "a", .value = {CellKind::text, "x"}}}}},
          .most_rows = 7,
          .key = Key{"id", "print"}};
}

Response page() {
  Response response{.kind = ResponseKind::rows, .columns = {{"a", "INTEGER"}, {"a", "VARCHAR"}}};
  response.batch = Batch(2);
  response.batch.add(CellKind::integer, "1");
  response.batch.add(CellKind::null, "");
  response.is_at_end = true;
  return response;
}

TEST(DuckDbProtocol, BringsRequestsOver) {
  const auto read = decode_request(encode(request()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->statements[0].parameters[0].value.text, "x");
  EXPECT_EQ(read->key->fingerprint, "print");
  EXPECT_EQ(read->most_rows, 7U);
}

TEST(DuckDbProtocol, BringsResponsesOver) {
  const auto read = decode_response(encode(page()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->columns[1].type, "VARCHAR");
  EXPECT_EQ(read->batch.rows(), 1U);
  EXPECT_EQ(read->batch.at(0, 1).kind, CellKind::null);
  Response failed{.kind = ResponseKind::failure};
  failed.error = {Errc::conflict, "no", {"again"}};
  const auto error = decode_response(encode(failed));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error.code, Errc::conflict);
  EXPECT_EQ(error->error.suggestions.at(0), "again");
}

TEST(DuckDbProtocol, AnswersWithAnErrorWhereAFrameWouldBeTooLong) {
  Response response{.kind = ResponseKind::rows, .columns = {{"a", "VARCHAR"}}};
  response.batch = Batch(1);
  response.batch.add(CellKind::text, std::string(most_frame_bytes, 'x'));
  const auto read = decode_response(encode(response));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, ResponseKind::failure);
  EXPECT_EQ(read->error.code, Errc::invalid_args);
}

TEST(DuckDbProtocol, BringsControlsOver) {
  Control control{.kind = ControlKind::open, .connection = 9};
  control.neighbours = {{"persistent", {.path = "/p", .readable = {"/a", "/b"}, .directory = {}}}};
  const auto read = decode_control(encode(control));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->neighbours.at(0).instance.readable.at(1), "/b");
  const auto report = decode_report(encode(Report{.version = "v", .problem = {}, .notes = {"n"}}));
  ASSERT_TRUE(report);
  EXPECT_EQ(report->notes.at(0), "n");
}

TEST(DuckDbProtocol, RefusesWhatIsCutOrTooLong) {
  for (const std::string& whole : {encode(request()), encode(page())}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(decode_request(whole.substr(0, size)) && decode_response(whole.substr(0, size)));
    }
  }
  EXPECT_FALSE(decode_request(encode(request()) + "x"));
  EXPECT_FALSE(decode_response(encode(page()) + "x"));
}

TEST(DuckDbProtocol, RefusesCellsThatOverlap) {
  std::string bytes = encode(page());
  // The end of the first cell, before those of the second and the flag.
  bytes[bytes.size() - 1 - 5 - 4] = 2;
  EXPECT_FALSE(decode_response(bytes));
}

TEST(DuckDbProtocol, SendsWholeFramesAndTellsTheEnd) {
  int fds[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  UniqueFd here(fds[0]);
  UniqueFd there(fds[1]);
  const auto nothing = receive_frame(here.get(), std::chrono::steady_clock::now());
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  const std::string large(3 << 20, 'x');
  std::thread sender([&] { EXPECT_TRUE(send_frame(there.get(), large)); });
  const auto frame = receive_frame(here.get());
  sender.join();
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(**frame, large);
  there.reset();
  EXPECT_EQ(receive_frame(here.get()).error().code, Errc::unavailable);
  EXPECT_EQ(send_frame(here.get(), "x").error().code, Errc::unavailable);
}

}  // namespace
}  // namespace hearth::packs::sql::duckdb
