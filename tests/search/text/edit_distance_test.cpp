#include "search/text/edit_distance.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "search/text/reference.hpp"

namespace hearth::search::text {
namespace {

TEST(EditDistance, AgreesWithTheReferenceOverASortedDictionary) {
  std::mt19937 random(8);
  const auto word = [&] {
    std::string made;
    for (std::size_t i = random() % 8; i > 0; --i) made += static_cast<char>('a' + random() % 3);
    return made;
  };
  std::set<std::string> terms;
  for (int i = 0; i < 600; ++i) terms.insert(word());
  for (int i = 0; i < 40; ++i) {
    const std::string wanted = word();
    const unsigned most = 1 + static_cast<unsigned>(random() % 2);
    EditDistance distance(wanted, most);
    for (const std::string& term : terms) {
      std::size_t too_far = 0;
      const unsigned expected = Reference::distance(wanted, term);
      const auto found = distance.to(term, too_far);
      ASSERT_EQ(found.has_value(), expected <= most) << wanted << " " << term;
      if (found) EXPECT_EQ(*found, expected);
      if (too_far == 0) continue;
      for (const std::string& other : terms) {
        if (!other.starts_with(term.substr(0, too_far))) continue;
        EXPECT_GT(Reference::distance(wanted, other), most) << wanted << " " << other;
      }
    }
  }
}

TEST(EditDistance, CountsCharactersNotBytes) {
  EditDistance distance("größe", 1);
  std::size_t too_far = 0;
  EXPECT_EQ(distance.characters(), 5U);
  EXPECT_EQ(distance.to("grüße", too_far), 1U);
  EXPECT_EQ(distance.to("größe", too_far), 0U);
}

}  // namespace
}  // namespace hearth::search::text
