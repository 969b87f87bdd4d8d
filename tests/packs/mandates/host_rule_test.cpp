#include "packs/mandates/sandbox/host_rule.hpp"

#include <gtest/gtest.h>

namespace hearth::packs::mandates::sandbox {
namespace {

TEST(HostRule, ReadsHostsPortsAndWildcards) {
  EXPECT_EQ(HostRule::parse("Example.org")->host, "example.org");
  EXPECT_EQ(HostRule::parse("example.org")->port, 443);
  EXPECT_EQ(HostRule::parse("example.org:8443")->port, 8443);
  EXPECT_EQ(HostRule::parse("*.example.org:80")->host, "*.example.org");
  EXPECT_EQ(HostRule::parse("[2001:db8::1]:443")->host, "2001:db8::1");
  EXPECT_TRUE(HostRule::parse("127.0.0.1:80")->names_an_address());
  EXPECT_FALSE(HostRule::parse("example.org")->names_an_address());
}

TEST(HostRule, RefusesWhatIsNoHost) {
  for (const char* const text :
       {"", "*", "*.", "*.org", "*.*.org", "a b", "http://example.org", "example.org:0",
        "example.org:99999", "example.org:x", "a@b", "*.127.0.0.1", "[::1"})
    EXPECT_FALSE(HostRule::parse(text)) << text;
}

TEST(HostRule, AdmitsTheNamedHostAndNoOther) {
  const HostRule exact = *HostRule::parse("example.org");
  EXPECT_TRUE(exact.admits("example.org", 443));
  EXPECT_FALSE(exact.admits("example.org", 80));
  EXPECT_FALSE(exact.admits("www.example.org", 443));
  EXPECT_FALSE(exact.admits("badexample.org", 443));
  const HostRule wild = *HostRule::parse("*.example.org");
  EXPECT_TRUE(wild.admits("a.b.example.org", 443));
  EXPECT_FALSE(wild.admits("example.org", 443));
  EXPECT_FALSE(wild.admits("badexample.org", 443));
  EXPECT_FALSE(wild.admits(".example.org.evil.net", 443));
}

TEST(HostRule, ReadsTheAuthorityOfARequest) {
  EXPECT_EQ(parse_authority("Example.ORG.:443")->host, "example.org");
  EXPECT_EQ(parse_authority("[::1]:8080")->host, "::1");
  for (const char* const text : {"", ":443", "a", "a:", "a:b", "a:443 ", "a b:1", "[a]:1",
                                 "a:65536", "a\n:1", "a..:1", "a..b:1", ".a:1", ".:1"})
    EXPECT_FALSE(parse_authority(text)) << text;
}

}  // namespace
}  // namespace hearth::packs::mandates::sandbox
