#include "packs/mandates/sandbox/proxy_request.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::mandates::sandbox {
namespace {

TEST(ProxyRequest, ATunnelIsItsTargetAlone) {
  const auto request =
      parse_proxy_request("CONNECT Example.org:443 HTTP/1.1\r\nHost: other.org\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target.host, "example.org");
  EXPECT_EQ(request->target.port, 443);
  EXPECT_EQ(request->head, "");
}

// A rule for one name opens no other of the same server.
TEST(ProxyRequest, TheHostIsToldTheTargetAndNothingOfTheProxy) {
  const auto request = parse_proxy_request(
      "POST http://Example.org:8080/a?b#c HTTP/1.1\r\nHost: evil.org\r\nproxy-authorization: x\r\n"
      "Connection: keep-alive, X-Kept\r\nContent-Length: 3\r\nX-Kept: a  b\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target.host, "example.org");
  EXPECT_EQ(request->target.port, 8080);
  EXPECT_EQ(request->head,
            "POST /a?b HTTP/1.1\r\nHost: example.org:8080\r\nConnection: close\r\n"
            "Content-Length: 3\r\nX-Kept: a  b\r\n\r\n");
}

TEST(ProxyRequest, APortAndAPathMayBeLeftOut) {
  const auto head = [](const std::string& address) {
    const auto request = parse_proxy_request("GET " + address + " HTTP/1.0\r\n\r\n");
    return request ? std::to_string(request->target.port) + " " +
                         request->head.substr(0, request->head.find("\r\nConnection"))
                   : "none";
  };
  EXPECT_EQ(head("http://example.org"), "80 GET / HTTP/1.1\r\nHost: example.org");
  EXPECT_EQ(head("HTTP://example.org?q"), "80 GET /?q HTTP/1.1\r\nHost: example.org");
  EXPECT_EQ(head("http://[::1]/x"), "80 GET /x HTTP/1.1\r\nHost: [::1]");
  EXPECT_EQ(head("http://[::1]:81/x"), "81 GET /x HTTP/1.1\r\nHost: [::1]:81");
}

TEST(ProxyRequest, WhatIsNeitherIsNone) {
  for (const char* const head :
       {"", "\r\n\r\n", "GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
        "GET https://example.org/ HTTP/1.1\r\n\r\n", "GET http://u@example.org/ HTTP/1.1\r\n\r\n",
        "GET http:///x HTTP/1.1\r\n\r\n", "GET http://a:b/ HTTP/1.1\r\n\r\n",
        "GET http://example.org/ HTTP/2\r\n\r\n", "GET  http://example.org/ HTTP/1.1\r\n\r\n",
        "GET http://example.org/\r HTTP/1.1\r\n\r\n", "G@T http://example.org/ HTTP/1.1\r\n\r\n",
        "GET http://example.org/ HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        "GET http://example.org/ HTTP/1.1\r\nA: b\nHost: c\r\n\r\n",
        "GET http://example.org/ HTTP/1.1\r\nA b\r\n\r\n",
        "GET http://example.org/ HTTP/1.1\r\nHost : c\r\n\r\n",
        "CONNECT example.org HTTP/1.1\r\n\r\n", "CONNECT http://example.org HTTP/1.1\r\n\r\n",
        "CONNECT example.org:443 HTTP/1.1\r\n"})
    EXPECT_FALSE(parse_proxy_request(head)) << head;
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
