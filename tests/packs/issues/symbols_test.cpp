#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "packs/issues/engine/symbols/describe.hpp"
#include "packs/issues/engine/symbols/extract.hpp"
#include "packs/issues/engine/symbols/language.hpp"
#include "packs/issues/engine/symbols/summary.hpp"
#include "packs/issues/engine/symbols/tracked.hpp"

namespace hearth::packs::issues {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Row = std::tuple<std::string, std::string, std::uint32_t, std::uint32_t>;

// (name, kind, first line, last line) of each.
std::vector<Row> rows(Language language, std::string_view text) {
  const auto symbols = extract_symbols(language, text);
  std::vector<Row> found;
  if (!symbols) {
    ADD_FAILURE() << symbols.error().message;
    return found;
  }
  for (const Symbol& symbol : *symbols) {
    found.emplace_back(symbol.name, symbol.kind, symbol.line_start, symbol.line_end);
  }
  return found;
}

class Symbols : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_symbols()) GTEST_SKIP() << "built without tree-sitter's grammars";
  }
};

TEST_F(Symbols, OfRust) {
  EXPECT_THAT(rows(Language::rust, R"(pub struct Config {
    pub name: String,
}
enum State { Open, Closed }
trait Handler { fn handle(&self); }
impl Config {
    pub fn new(name: String) -> Self { Self { name } }
}
impl<T> Handler for module::List<T> {}
const MAX: usize = 100;
static GREETING: &str = "hi";
type Outcome<T> = Result<T, Error>;
mod inner { async fn load() {} }
)"),
              ElementsAre(Row("Config", "struct", 1, 3), Row("State", "enum", 4, 4),
                          Row("Handler", "trait", 5, 5), Row("Config", "impl", 6, 8),
                          Row("new", "function", 7, 7), Row("List", "impl", 9, 9),
                          Row("MAX", "const", 10, 10), Row("GREETING", "static", 11, 11),
                          Row("Outcome", "type", 12, 12), Row("load", "function", 13, 13)));
}

TEST_F(Symbols, OfPython) {
  EXPECT_THAT(rows(Language::python, R"(class Account:
    def __init__(self):
        self.total = 0

    @property
    def balance(self):
        return self.total

async def load():
    pass
)"),
              ElementsAre(Row("Account", "class", 1, 7), Row("__init__", "function", 2, 3),
                          Row("balance", "function", 6, 7), Row("load", "function", 9, 10)));
}

TEST_F(Symbols, OfTypeScript) {
  constexpr std::string_view source = R"(export function greet(name: string): string {
  return name;
}
export class Service { get(): string { return ""; } }
export interface Settings { name: string }
type Id = string;
enum Status { Active }
const fetchAll = async (url: string) => {
  return fetch(url);
};
const notAFunction = 3, second = () => 1;
)";
  const auto expected = ElementsAre(Row("greet", "function", 1, 3), Row("Service", "class", 4, 4),
                                    Row("Settings", "interface", 5, 5), Row("Id", "type", 6, 6),
                                    Row("Status", "enum", 7, 7), Row("fetchAll", "function", 8, 10),
                                    Row("second", "function", 11, 11));
  EXPECT_THAT(rows(Language::typescript, source), expected);
  EXPECT_THAT(rows(Language::typescriptreact, source), expected);
  EXPECT_THAT(rows(Language::typescriptreact, "const App = () => <div>{1}</div>;\n"),
              ElementsAre(Row("App", "function", 1, 1)));
}

TEST_F(Symbols, OfJavaScript) {
  EXPECT_THAT(rows(Language::javascript, R"(function hello(name) {
  function inner() {}
}
class Animal { constructor() {} }
const greet = (name) => `Hi ${name}`;
const view = () => <p/>;
let { a } = () => 1;
)"),
              ElementsAre(Row("hello", "function", 1, 3), Row("inner", "function", 2, 2),
                          Row("Animal", "class", 4, 4), Row("greet", "function", 5, 5),
                          Row("view", "function", 6, 6)));
}

TEST_F(Symbols, OfGo) {
  EXPECT_THAT(rows(Language::go, R"(package main

func main() {}
func (s *Server) Start() error { return nil }
type Config struct {
	Name string
}
type Handler interface{ Handle() error }
type (
	UserID string
	Point  struct{ X int }
)
)"),
              ElementsAre(Row("main", "function", 3, 3), Row("Start", "function", 4, 4),
                          Row("Config", "struct", 5, 7), Row("Handler", "interface", 8, 8),
                          Row("UserID", "type", 10, 10), Row("Point", "struct", 11, 11)));
}

TEST_F(Symbols, OfJava) {
  EXPECT_THAT(rows(Language::java, R"(public class User {
  public User(String name) {}
  public String name() { return ""; }
  enum Status { ACTIVE }
}
interface Repository { void save(Object o); }
)"),
              ElementsAre(Row("User", "class", 1, 5), Row("User", "method", 2, 2),
                          Row("name", "method", 3, 3), Row("Status", "enum", 4, 4),
                          Row("Repository", "interface", 6, 6), Row("save", "method", 6, 6)));
}

TEST_F(Symbols, OfC) {
  EXPECT_THAT(rows(Language::c, R"(struct point {
  int x;
};
enum color { red };
typedef unsigned long size, *size_pointer;
typedef int (*callback)(void *);
int main(int argc, char **argv) { return 0; }
static char *(copy)(const char *s) { return 0; }
typedef struct node { int next; } node;
)"),
              ElementsAre(Row("point", "struct", 1, 3), Row("color", "enum", 4, 4),
                          Row("size", "type", 5, 5), Row("size_pointer", "type", 5, 5),
                          Row("callback", "type", 6, 6), Row("main", "function", 7, 7),
                          Row("copy", "function", 8, 8),
                          // The type of the same name at the same line is the same thing.
                          Row("node", "struct", 9, 9)));
}

TEST_F(Symbols, OfCpp) {
  EXPECT_THAT(rows(Language::cpp, R"(namespace a::b {
class Widget {
  void inside() {}
};
struct Size {};
enum class Color { red };
void Widget::outside() {}
template <typename T>
const T& largest(const T& x) { return x; }
}
)"),
              ElementsAre(Row("a::b", "namespace", 1, 10), Row("Widget", "class", 2, 4),
                          Row("Size", "struct", 5, 5), Row("Color", "enum", 6, 6),
                          Row("largest", "function", 9, 9)));
}

TEST_F(Symbols, OfRuby) {
  EXPECT_THAT(rows(Language::ruby, R"(module Auth
  class User < Base
    def initialize(name)
      @name = name
    end

    def self.find(id) = new(id)
    def name=(value); end
  end
end
)"),
              ElementsAre(Row("Auth", "module", 1, 10), Row("User", "class", 2, 9),
                          Row("initialize", "function", 3, 5), Row("find", "function", 7, 7),
                          Row("name=", "function", 8, 8)));
}

TEST_F(Symbols, OfElixir) {
  EXPECT_THAT(rows(Language::elixir, R"(defmodule My.Server do
  def start(name) do
    name
  end

  defp stop, do: :ok
  def check(x) when is_atom(x), do: x
  if true, do: 1
end
)"),
              ElementsAre(Row("My.Server", "module", 1, 9), Row("start", "function", 2, 4),
                          Row("stop", "function", 6, 6), Row("check", "function", 7, 7)));
}

TEST_F(Symbols, OfOneLineComeWithTheMoreSpecificFirst) {
  EXPECT_THAT(
      rows(Language::c, "typedef int number; int f(void) { return 0; } struct s { int x; };"),
      ElementsAre(Row("s", "struct", 1, 1), Row("f", "function", 1, 1),
                  Row("number", "type", 1, 1)));
}

TEST_F(Symbols, AreFoundInBrokenSource) {
  EXPECT_THAT(rows(Language::python, "def whole():\n    pass\n\ndef half(:\n)))) ===\n"),
              testing::Contains(Row("whole", "function", 1, 2)));
  EXPECT_THAT(rows(Language::rust, ""), IsEmpty());
  EXPECT_THAT(rows(Language::rust, "\0\0\0"), IsEmpty());
}

TEST_F(Symbols, RefuseWhatIsTooLargeOrNoText) {
  const auto large = extract_symbols(Language::c, "int x;", {.most_bytes = 3});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::invalid_args);
  const auto binary = extract_symbols(Language::c, "int x;\xff");
  ASSERT_FALSE(binary);
  EXPECT_EQ(binary.error().code, Errc::unsupported);
}

TEST_F(Symbols, EndAtTheDeadlineAndWhenTheRequestIsWithdrawn) {
  std::string source;
  for (int i = 0; i < 20'000; ++i) source += "int f" + std::to_string(i) + "() { return 1; }\n";
  const auto late = extract_symbols(
      Language::c, source,
      {.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(1)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timed_out);

  std::stop_source stop;
  stop.request_stop();
  const auto withdrawn = extract_symbols(Language::c, source, {.stop = stop.get_token()});
  ASSERT_FALSE(withdrawn);
  EXPECT_EQ(withdrawn.error().code, Errc::cancelled);
}

// Deep nesting would end a recursive walk.
TEST_F(Symbols, SurviveDeepNesting) {
  for (const char* opening : {"(", "[", "{", "f(", "if (", "<"}) {
    std::string source = "int f() { return ";
    for (int i = 0; i < 20'000; ++i) source += opening;
    for (int i = 0; i < language_count; ++i) {
      const auto language = static_cast<Language>(i);
      const auto found = extract_symbols(
          language, source,
          {.deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100)});
      EXPECT_TRUE(found || found.error().code == Errc::timed_out);
    }
  }
}

TEST_F(Symbols, OfAFileAreWhatTheLogKeepsOfIt) {
  const auto file = describe_file("src/hello.py", "def hello():\n    pass\n");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->path, "src/hello.py");
  EXPECT_EQ(file->language, "python");
  EXPECT_EQ(file->summary, "1 functions");
  EXPECT_THAT(file->symbols, ElementsAre(Symbol{"hello", "function", 1, 2}));
  EXPECT_EQ(hex_of(file->content_hash),
            "e3163528c26697e825dd5eec25279a8679ef2c05095c92a8a952de7fe7514ea5");
  EXPECT_EQ(describe_file("README.md", "# Hi").error().code, Errc::unsupported);
  EXPECT_EQ(describe_file("a.py", "\xff").error().message, "a.py: the file is not UTF-8");
}

TEST(TrackedFiles, OneWhoseNameIsNotUtf8IsSkippedWithAReason) {
  const std::vector<std::string> files{"caf\xe9.py"};
  const auto described = describe_files("/", files, {}, {}, [](std::size_t) {});
  ASSERT_TRUE(described);
  EXPECT_TRUE(described->files.empty());
  ASSERT_EQ(described->skipped.size(), 1U);
  EXPECT_EQ(described->skipped[0].why, "its name is not UTF-8");
}

TEST(SymbolLanguage, IsToldByTheExtension) {
  EXPECT_EQ(language_of_path("src/main.rs"), Language::rust);
  EXPECT_EQ(language_of_path("a.b/c.jsx"), Language::javascript);
  EXPECT_EQ(language_of_path("x.tsx"), Language::typescriptreact);
  EXPECT_EQ(language_of_path("x.h"), Language::c);
  EXPECT_EQ(language_of_path("x.cxx"), Language::cpp);
  EXPECT_EQ(language_of_path("x.exs"), Language::elixir);
  EXPECT_EQ(language_of_path("README.md"), std::nullopt);
  EXPECT_EQ(language_of_path("a.rs/Makefile"), std::nullopt);
  EXPECT_EQ(language_of_path(".c"), std::nullopt);
  EXPECT_EQ(language_of_path(""), std::nullopt);
  for (int i = 0; i < language_count; ++i) {
    const auto language = static_cast<Language>(i);
    EXPECT_EQ(language_from_name(language_name(language)), language);
  }
  EXPECT_EQ(language_from_name("cobol"), std::nullopt);
}

TEST(SymbolSummary, SaysWhatAFileDefines) {
  const auto symbol = [](std::string name, std::string kind) {
    return Symbol{std::move(name), std::move(kind), 1, 1};
  };
  const std::vector<Symbol> none;
  EXPECT_EQ(summary_of("a.tsx", Language::typescriptreact, none), "typescript file");
  const std::vector<Symbol> one{symbol("Config", "struct")};
  EXPECT_EQ(summary_of("a.rs", Language::rust, one), "defines Config");
  const std::vector<Symbol> many{symbol("A", "class"),    symbol("B", "interface"),
                                 symbol("run", "method"), symbol("C", "struct"),
                                 symbol("D", "class"),    symbol("E", "class"),
                                 symbol("f", "function"), symbol("T", "type")};
  EXPECT_EQ(summary_of("a.java", Language::java, many), "defines A, B, C (+2 more); 2 functions");
  const std::vector<Symbol> functions{symbol("f", "function")};
  EXPECT_EQ(summary_of("a.py", Language::python, functions), "1 functions");
  const std::vector<Symbol> others{symbol("T", "type"), symbol("X", "const")};
  EXPECT_EQ(summary_of("src/t.ts", Language::typescript, others), "t.ts (typescript)");
}

}  // namespace
}  // namespace hearth::packs::issues
