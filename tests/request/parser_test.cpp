#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "request/program.hpp"

namespace hearth::request {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(std::string_view text) {
  const auto program = parse(text);
  if (program) return "it parses: " + print(*program);
  EXPECT_EQ(program.error().code, Errc::invalid_args);
  return program.error().message;
}

// What a program prints to, in one canonical form.
std::string canonical(std::string_view text) {
  const auto program = parse(text);
  return program ? print(*program) : "error: " + program.error().message;
}

TEST(Parser, ReadsOneOperation) {
  const auto program = parse(" knowledge_search ( query = \"retry policy\" , limit=3 ) ");
  ASSERT_TRUE(program.has_value()) << program.error().message;
  EXPECT_EQ(program->shape, Shape::one);
  ASSERT_EQ(program->operations.size(), 1U);
  EXPECT_EQ(program->operations[0].verb, "knowledge_search");
  EXPECT_EQ(json::dump(program->operations[0].arguments), R"({"query":"retry policy","limit":3})");
  EXPECT_FALSE(program->operations[0].presentation.has_value());
}

TEST(Parser, TakesADotForTheFirstUnderscore) {
  EXPECT_EQ(canonical("knowledge.search(query=\"x\")"), "knowledge_search(query=\"x\")");
  EXPECT_THAT(error_of("a.b.c()"), StartsWith("line 1, column 4: expected \"(\" after the verb"));
  EXPECT_THAT(error_of("a.()"), StartsWith("line 1, column 3: expected the second part"));
}

TEST(Parser, ReadsBatchesAndChains) {
  EXPECT_EQ(parse("[a()]")->shape, Shape::batch);
  EXPECT_EQ(canonical("[a(),\n b(x=1)\t]"), "[a(), b(x=1)]");
  const auto chain =
      parse("a() | b(id=$prev.items[0].id, all=[1,$prev,{\"k\":$prev[\"odd name\"]}])");
  ASSERT_TRUE(chain.has_value()) << chain.error().message;
  EXPECT_EQ(chain->shape, Shape::chain);
  ASSERT_EQ(chain->operations[1].slots.size(), 3U);
  EXPECT_EQ(chain->operations[1].slots[0].where, (Path{"id"}));
  EXPECT_EQ(chain->operations[1].slots[0].from, (Path{"items", std::size_t{0}, "id"}));
  EXPECT_EQ(chain->operations[1].slots[1].where, (Path{"all", std::size_t{1}}));
  EXPECT_EQ(chain->operations[1].slots[2].where, (Path{"all", std::size_t{2}, "k"}));
  EXPECT_EQ(print(*chain),
            "a() | b(id=$prev.items[0].id, all=[1,$prev,{\"k\":$prev[\"odd name\"]}])");
}

TEST(Parser, ReadsPresentations) {
  const auto program = parse("[a()@human, b()@agent, c()]");
  ASSERT_TRUE(program.has_value()) << program.error().message;
  EXPECT_EQ(program->operations[0].presentation, Presentation::human);
  EXPECT_EQ(program->operations[1].presentation, Presentation::agent);
  EXPECT_EQ(program->operations[2].presentation, std::nullopt);
}

TEST(Parser, ReadsEveryKindOfValue) {
  EXPECT_EQ(
      canonical(R"(v(a=true,b=false,c=null,d=-1.5e3,e="\u00e9\n",f=[],g={},h=[[1],{"x":[]}]))"),
      R"(v(a=true, b=false, c=null, d=-1500, e="é\n", f=[], g={}, h=[[1],{"x":[]}]))");
  EXPECT_EQ(canonical("v(\"odd name\"=1)"), "v(\"odd name\"=1)");
  EXPECT_EQ(canonical("v(text=\"two\nlines\tand a tab\")"), R"(v(text="two\nlines\tand a tab"))");
}

TEST(Parser, TheJsonFormSaysTheSame) {
  EXPECT_EQ(canonical(R"({"verb":"knowledge.get","args":{"id":"abcd"},"presentation":"verbose"})"),
            "knowledge_get(id=\"abcd\")@verbose");
  EXPECT_EQ(canonical(R"({"ops":[{"verb":"a"},{"args":{"x":1},"verb":"b"}]})"), "[a(), b(x=1)]");
  EXPECT_EQ(
      canonical(
          R"({"chain":[{"verb":"a"},{"verb":"b","args":{"x":"$prev.items[0].id","y":["$prev"]}}]})"),
      "a() | b(x=$prev.items[0].id, y=[$prev])");
  EXPECT_EQ(
      canonical(
          R"({"chain":[{"verb":"a"},{"verb":"b","args":{"x":"$$prev.y","z":"$$5","w":"$previous"}}]})"),
      R"(a() | b(x="$prev.y", z="$$5", w="$previous"))");
  EXPECT_EQ(parse(R"({"chain":[{"verb":"a"}]})")->shape, Shape::one);
}

struct Wrong {
  std::string_view text;
  std::string_view message;
};

TEST(Parser, NamesThePlaceOfWhatIsWrong) {
  const std::vector<Wrong> all{
      {"", "line 1, column 1: expected the name of a verb, got the end"},
      {"   \n  ", "line 2, column 3: expected the name of a verb, got the end"},
      {"search", "line 1, column 7: expected \"(\" after the verb, got the end"},
      {"a(\"x\")", "line 1, column 6: expected \"=\" after the argument's name, got \")\""},
      {"a(7)", "line 1, column 3: expected the name of an argument, got \"7\""},
      {"a(x=)", "line 1, column 5: expected a value, got \")\""},
      {"a(x=note)", "line 1, column 5: expected a value, got \"note\""},
      {"a(x=True)", "line 1, column 5: expected a value, got \"True\""},
      {"a(x='y')", "line 1, column 5: expected a value, got \"'\""},
      {"a(x=1,)", "line 1, column 7: expected the name of an argument, got \")\""},
      {"a(x=1 y=2)", "line 1, column 7: expected \",\" or \")\", got \"y\""},
      {"a(x=1,\n  x=2)", "line 2, column 3: the argument \"x\" is there already"},
      {"a(x={\"k\":1,\"k\":2})", "line 1, column 12: the member \"k\" is there already"},
      {"a(x={k:1})", "line 1, column 6: expected a name in double quotes, got \"k\""},
      {"a(x=[1 2])", "line 1, column 8: expected \",\" or \"]\", got \"2\""},
      {"a(x=1.2.3)", "line 1, column 5: expected a number, got \"1.2.3\""},
      {"a(x=01)", "line 1, column 5: expected a number, got \"01\""},
      {"a(x=\"abc)", "line 1, column 5: this string does not end"},
      {"a(x=\"a\\qb\")", "line 1, column 7: expected one of the escapes"},
      {"a(x=\"\\ud800\")", "line 1, column 5: this string is not valid Unicode text"},
      {"a(é=1)", "line 1, column 3: expected the name of an argument, got \"é\""},
      {"a(x=\"éé\", 1)", "line 1, column 11: expected the name of an argument, got \"1\""},
      {"a(), b()", "line 1, column 4: expected the end, got \",\""},
      {"[a() | b()]", "line 1, column 6: expected \",\" or \"]\", got \"|\": a batch and a chain"},
      {"[a()] | b()", "line 1, column 7: expected the end, got \"|\": a batch and a chain"},
      {"a() | b(), c()", "line 1, column 10: expected \"|\" or the end, got \",\": a chain and"},
      {"a() |", "line 1, column 6: expected the name of a verb, got the end"},
      {"[]", "line 1, column 2: expected the name of a verb, got \"]\""},
      {"[a()", "line 1, column 5: expected \",\" or \"]\", got the end"},
      {"[{\"verb\":\"a\"}]", "line 1, column 2: expected an operation, got \"{\""},
      {"a()@loud", "line 1, column 5: expected agent, verbose or human after \"@\", got \"loud\""},
      {"a(x=$prev)", "line 1, column 5: $prev is the answer of the operation before"},
      {"[a(), b(x=$prev)]", "line 1, column 11: $prev is the answer of the operation before"},
      {"a() | b(x=$previous)", "line 1, column 16: expected \".\" or \"[\" after $prev"},
      {"a() | b(x=$prev.1)", "line 1, column 17: expected the name of a member, got \"1\""},
      {"a() | b(x=$prev[-1])", "line 1, column 17: expected an index from 0"},
      {"a() | b(x=$prev[1)", "line 1, column 18: expected \"]\", got \")\""},
      {"a() | b(x=$last)", "line 1, column 11: expected $prev, got \"$\""},
      {"{\"opps\":[]}", "line 1, column 2: expected one of \"verb\", \"args\""},
      {"{\"ops\":{}}", "line 1, column 8: expected an array of operations, got \"{\""},
      {"{\"ops\":[]}", "line 1, column 9: expected an operation, got \"]\""},
      {"{\"ops\":[{\"args\":{}}]}", "line 1, column 9: this operation has no \"verb\""},
      {"{\"ops\":[{\"verb\":\"a b\"}]}", "line 1, column 17: expected the name of a verb"},
      {"{\"ops\":[{\"verb\":\"a\",\"args\":[]}]}", "line 1, column 28: expected an object"},
      {"{\"ops\":[{\"verb\":\"a\"}],\"chain\":[]}", "line 1, column 23: expected either"},
      {"{\"verb\":\"a\"} x", "line 1, column 14: expected the end, got \"x\""},
      {"{\"chain\":[{\"verb\":\"a\"},{\"verb\":\"b\",\"args\":{\"x\":\"$prev.\"}}]}",
       "line 1, column 48: expected a reference such as"},
  };
  for (const Wrong& wrong : all) EXPECT_THAT(error_of(wrong.text), StartsWith(wrong.message));
}

TEST(Parser, SaysHowToMendIt) {
  const auto advice = [](std::string_view text) {
    const auto program = parse(text);
    return program || program.error().suggestions.empty() ? std::string()
                                                          : program.error().suggestions.front();
  };
  EXPECT_EQ(advice("a(kind=note)"), "text goes into double quotes: \"note\"");
  EXPECT_EQ(advice("a(x=None)"), "write null");
  EXPECT_EQ(advice("a(), b()"), "put a batch into brackets: [a(), b()]");
  EXPECT_EQ(advice("a"), "a verb without arguments is written a()");
  EXPECT_EQ(advice("{\"verb\":\"a\",\"arg\":{}}"), "args");
}

TEST(Parser, BoundsOperationsAndNesting) {
  std::string batch = "[a()";
  for (std::size_t i = 1; i < most_operations; ++i) batch += ",a()";
  EXPECT_TRUE(parse(batch + "]").has_value());
  EXPECT_THAT(error_of(batch + ",a()]"), HasSubstr("expected at most 100 operations"));
  const auto nested = [](std::size_t depth) {
    return "a(x=" + std::string(depth, '[') + std::string(depth, ']') + ")";
  };
  EXPECT_TRUE(parse(nested(deepest_value)).has_value());
  EXPECT_THAT(error_of(nested(deepest_value + 1)),
              StartsWith("line 1, column 37: expected at most 32 levels of nesting"));
  EXPECT_FALSE(parse(nested(1'000'000)).has_value());
}

// ---- Whatever is printed parses back to the same ------------------------------------------------

class Maker {
 public:
  explicit Maker(unsigned seed) : random_(seed) {}

  Program program() {
    Program made;
    made.shape = static_cast<Shape>(below(3));
    const std::size_t count = made.shape == Shape::one ? 1 : below(4) + 2;
    for (std::size_t i = 0; i < count; ++i) {
      Operation operation;
      operation.verb = pick({"a", "knowledge_search", "x_1", "_v"});
      can_refer_ = made.shape == Shape::chain && i > 0;
      slots_ = &operation.slots;
      for (std::size_t n = below(4); n > 0; --n) {
        const std::string name = this->name();
        if (operation.arguments.contains(name)) continue;
        where_ = {name};
        operation.arguments[name] = value(0);
      }
      if (below(4) == 0) operation.presentation = static_cast<Presentation>(below(3));
      made.operations.push_back(std::move(operation));
    }
    return made;
  }

 private:
  std::size_t below(std::size_t end) { return random_() % end; }
  std::string pick(const std::vector<std::string>& from) { return from[below(from.size())]; }
  std::string name() {
    return pick({"id", "query", "x", "odd name", "", "é", "a\"b", "$prev", "line\nbreak", "9"});
  }
  std::string text() { return name() + pick({"", " and", "\\", "\t", "\x01", "😀", "|,()[]"}); }
  json::Value value(std::size_t depth) {
    switch (below(depth > 4 ? 5 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return static_cast<std::int64_t>(random_()) - 1'000'000;
      case 3:
        return static_cast<double>(random_()) / 1024;
      case 4:
        return json::Value(text());
      case 5:
        return reference();
      case 6:
        return array(depth);
      default:
        return object(depth);
    }
  }
  json::Value reference() {
    if (!can_refer_) return 7;
    Path from;
    for (std::size_t n = below(4); n > 0; --n) {
      if (below(2) == 0) {
        from.emplace_back(below(1000));
      } else {
        from.emplace_back(name());
      }
    }
    slots_->push_back({where_, from});
    return nullptr;
  }
  json::Value array(std::size_t depth) {
    json::Array items;
    for (std::size_t n = below(4); n > 0; --n) {
      where_.emplace_back(items.size());
      items.push_back(value(depth + 1));
      where_.pop_back();
    }
    return items;
  }
  json::Value object(std::size_t depth) {
    json::Object members;
    for (std::size_t n = below(4); n > 0; --n) {
      const std::string name = this->name();
      if (members.contains(name)) continue;
      where_.emplace_back(name);
      members[name] = value(depth + 1);
      where_.pop_back();
    }
    return members;
  }

  std::mt19937 random_;
  bool can_refer_ = false;
  std::vector<Slot>* slots_ = nullptr;
  Path where_;
};

TEST(Parser, ReadsBackWhatIsPrinted) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    const Program made = Maker(seed).program();
    const std::string text = print(made);
    const auto read = parse(text);
    ASSERT_TRUE(read.has_value()) << "seed " << seed << ": " << read.error().message << "\n"
                                  << text;
    ASSERT_EQ(read->shape, made.shape) << text;
    ASSERT_EQ(print(*read), text) << "seed " << seed;
    for (std::size_t i = 0; i < made.operations.size(); ++i) {
      ASSERT_EQ(read->operations[i].slots.size(), made.operations[i].slots.size()) << text;
      for (std::size_t k = 0; k < made.operations[i].slots.size(); ++k)
        ASSERT_EQ(read->operations[i].slots[k].where, made.operations[i].slots[k].where) << text;
    }
  }
}

// Cutting a good text anywhere never makes it parse as something else without its end.
TEST(Parser, RefusesEveryPrefixOfABatch) {
  const std::string text =
      R"([a(x={"k":[1,true,"s\n"]},"odd"=-1.5)@human, knowledge.get(id="abcd")])";
  ASSERT_TRUE(parse(text).has_value());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse(text.substr(0, size)).has_value()) << text.substr(0, size);
}

}  // namespace
}  // namespace hearth::request
