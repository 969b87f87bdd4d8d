#include "web/wire.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hearth::web {
namespace {

using Step = RequestReader::Step;

// Feeds `text` in pieces of `size` and reads one request; the last step.
Step read_one(RequestReader& reader, std::string_view text, std::size_t size) {
  Step step = Step::more;
  while (!text.empty()) {
    reader.feed(text.substr(0, size));
    text.remove_prefix(std::min(size, text.size()));
    do step = reader.next();
    while (step == Step::head);
    if (step != Step::more) return step;
  }
  return step;
}

const std::string post =
    "POST /mcp?x=1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";

TEST(RequestReader, ReadsARequestInAnyPieces) {
  for (std::size_t size = 1; size <= post.size(); ++size) {
    RequestReader reader({});
    ASSERT_EQ(read_one(reader, post, size), Step::whole) << size;
    const Request request = reader.take();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/mcp");
    EXPECT_EQ(request.header("host"), "localhost");
    EXPECT_EQ(request.body, "hello");
    EXPECT_TRUE(request.keeps_alive);
    EXPECT_EQ(reader.buffered(), 0U);
  }
}

TEST(RequestReader, ReadsRequestsThatFollowEachOther) {
  RequestReader reader({});
  reader.feed(post + "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n" + post);
  for (const auto* path : {"/mcp", "/healthz", "/mcp"}) {
    ASSERT_EQ(reader.next(), Step::head);
    ASSERT_EQ(reader.next(), Step::whole);
    EXPECT_EQ(reader.take().path, path);
  }
  EXPECT_EQ(reader.next(), Step::more);
}

TEST(RequestReader, ReadsChunks) {
  RequestReader reader({});
  const std::string text =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
  ASSERT_EQ(read_one(reader, text, 7), Step::whole);
  EXPECT_EQ(reader.take().body, "hello");
}

TEST(RequestReader, ShowsTheHeadBeforeTheBody) {
  RequestReader reader({});
  reader.feed(post.substr(0, post.size() - 5));
  ASSERT_EQ(reader.next(), Step::head);
  EXPECT_EQ(reader.request().path, "/mcp");
  EXPECT_EQ(reader.next(), Step::more);
  EXPECT_TRUE(reader.is_in_body());
}

TEST(RequestReader, RefusesALargeHead) {
  RequestReader reader({.head = 100, .body = 100});
  const std::string text = "GET /v1/runs?x=1 HTTP/1.1\r\nX: " + std::string(200, 'x') + "\r\n\r\n";
  EXPECT_EQ(read_one(reader, text, 1000), Step::broken);
  EXPECT_EQ(reader.status(), 431);
  EXPECT_EQ(reader.path(), "/v1/runs");
  RequestReader endless({.head = 100, .body = 100});
  EXPECT_EQ(read_one(endless, std::string(200, 'G'), 10), Step::broken);
  EXPECT_LE(endless.buffered(), 200U);
  EXPECT_EQ(endless.path(), "");
}

TEST(RequestReader, RefusesALargeBodyBeforeItComes) {
  RequestReader reader({.head = 1000, .body = 100});
  const std::string text = "POST /v1/runs HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n";
  EXPECT_EQ(read_one(reader, text, 1000), Step::broken);
  EXPECT_EQ(reader.status(), 413);
  EXPECT_EQ(reader.path(), "/v1/runs");
}

TEST(RequestReader, RefusesManyChunksThatAreTooMuch) {
  RequestReader reader({.head = 1000, .body = 10});
  std::string text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 4; ++i) text += "4\r\nabcd\r\n";
  EXPECT_EQ(read_one(reader, text, 5), Step::broken);
  EXPECT_EQ(reader.status(), 413);
}

TEST(RequestReader, RefusesAChunkHeadWithoutAnEnd) {
  RequestReader reader({});
  const std::string text = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;" +
                           std::string(100'000, 'x');
  EXPECT_EQ(read_one(reader, text, 1000), Step::broken);
  EXPECT_EQ(reader.status(), 400);
}

TEST(RequestReader, RefusesWhatIsAmbiguous) {
  for (const auto* text :
       {"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nauthorization: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n",
        "{\"jsonrpc\":\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "\x16\x03\x01\x02"}) {
    RequestReader reader({});
    EXPECT_EQ(read_one(reader, std::string(text) + "\r\n\r\n", 4096), Step::broken) << text;
    EXPECT_EQ(reader.status(), 400) << text;
    EXPECT_FALSE(reader.why().empty());
  }
}

TEST(Head, SaysHowTheBodyEnds) {
  const Response response{200, "text/plain", "hello", {{"X-A", "b"}}};
  EXPECT_EQ(make_head(response, BodyForm::sized, true),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: b\r\nCache-Control: no-store\r\n"
            "Content-Length: 5\r\nConnection: keep-alive\r\n\r\n");
  const std::string stream = make_head(response, BodyForm::chunked, false);
  EXPECT_NE(stream.find("Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"),
            std::string::npos);
}

TEST(Chunk, IsNeverTheLastOne) {
  std::string out;
  append_chunk(out, "");
  EXPECT_EQ(out, "");
  append_chunk(out, std::string(26, 'x'));
  EXPECT_EQ(out, "1a\r\n" + std::string(26, 'x') + "\r\n");
}

}  // namespace
}  // namespace hearth::web
