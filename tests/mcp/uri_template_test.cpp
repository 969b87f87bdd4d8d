#include "mcp/uri_template.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace hearth::mcp {
namespace {

using pack::Variables;

TEST(UriTemplate, FindsItsVariables) {
  const UriTemplate note("notes://{space}/{id}/text");
  EXPECT_EQ(note.match("notes://work/17/text"), (Variables{{"space", "work"}, {"id", "17"}}));
  EXPECT_EQ(UriTemplate("{all}").match("x"), (Variables{{"all", "x"}}));
  EXPECT_EQ(UriTemplate("a://b").match("a://b"), Variables{});
  EXPECT_EQ(UriTemplate("a://{from}-{to}").match("a://1-2"),
            (Variables{{"from", "1"}, {"to", "2"}}));
}

TEST(UriTemplate, RefusesWhatDoesNotFollowIt) {
  const UriTemplate note("notes://{id}/text");
  for (const char* other :
       {"", "notes://", "notes:///text", "notes://1", "notes://1/text/", "notes://1/texts",
        "notes://1/2/text", "Notes://1/text", "xnotes://1/text", "notes://1/text?x"}) {
    EXPECT_FALSE(note.match(other).has_value()) << other;
  }
  EXPECT_FALSE(UriTemplate("a://b").match("a://bc").has_value());
  EXPECT_FALSE(UriTemplate("a://{b}").match("a://b/").has_value());
}

TEST(UriTemplate, DecodesPercentSigns) {
  const UriTemplate file("file://{name}");
  EXPECT_EQ(file.match("file://a%20b%2Fc")->at("name"), "a b/c");
  EXPECT_EQ(file.match("file://%c3%a4")->at("name"), "\xc3\xa4");
  for (const char* plain : {"100%", "%", "%2", "%zz", "%-1", "%+1", "% 1"}) {
    EXPECT_EQ(file.match(std::string("file://") + plain)->at("name"), plain);
  }
}

// The last literal is the end of the URI, wherever else it occurs.
TEST(UriTemplate, MatchesItsEndAtTheEnd) {
  const UriTemplate file("file://{name}.md");
  EXPECT_EQ(file.match("file://a.md.md"), (Variables{{"name", "a.md"}}));
  EXPECT_FALSE(file.match("file://.md").has_value());
  EXPECT_FALSE(file.match("file://a.mdx").has_value());
}

TEST(UriTemplate, TakesALoneBraceLiterally) {
  EXPECT_TRUE(UriTemplate("a://{b").match("a://{b").has_value());
  EXPECT_TRUE(UriTemplate("a://b}").match("a://b}").has_value());
}

// What is put into a template comes out of it again.
TEST(UriTemplate, FindsWhatWasPutIn) {
  const UriTemplate pattern("test://{one}/of/{two}.txt");
  std::mt19937 random(5);
  const std::string alphabet = "abz09-_~ofxt.%";
  for (int round = 0; round < 2'000; ++round) {
    std::string values[2];
    std::string encoded[2];
    for (int i = 0; i < 2; ++i) {
      for (auto size = random() % 8 + 1; size > 0; --size) {
        const char c = alphabet[random() % alphabet.size()];
        values[i].push_back(c);
        encoded[i].append(c == '%' ? "%25" : std::string(1, c));
      }
    }
    const std::string uri = "test://" + encoded[0] + "/of/" + encoded[1] + ".txt";
    EXPECT_EQ(pattern.match(uri), (Variables{{"one", values[0]}, {"two", values[1]}})) << uri;
  }
}

}  // namespace
}  // namespace hearth::mcp
