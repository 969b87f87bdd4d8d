#include "cli/tool_usage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/help.hpp"
#include "cli/parser.hpp"

namespace hearth::cli {
namespace {

using testing::HasSubstr;

const json::Value& remember() {
  static const json::Value tool = *json::parse(R"({
    "name": "knowledge_remember_all", "title": "Remember", "description": "Stores a text.",
    "inputSchema": {"type": "object", "required": ["text", "kind", "tags", "sure"], "properties": {
      "text": {"type": "string", "description": "What to keep"},
      "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10},
      "score": {"type": "number", "minimum": 0},
      "kind": {"type": "string", "enum": ["note", "file"]},
      "tags": {"type": "array", "items": {"type": "string"}},
      "counts": {"type": "array", "items": {"type": "integer"}},
      "properties": {"type": "object", "description": "Any"},
      "sure": {"type": "boolean"},
      "any": {"description": "Whatever"},
      "bad name": {"type": "string"}}}})");
  return tool;
}

Result<json::Object> bind_words(const std::vector<std::string>& words) {
  auto arguments = parse_words(tool_usage(remember()), words);
  if (!arguments) return std::unexpected(arguments.error());
  return bind_arguments(remember(), *arguments, [] { return Result<std::string>("from input"); });
}

std::string bound_text(std::vector<std::string> words) {
  words.insert(words.end(), {"--tags=t", "--sure"});
  const auto bound = bind_words(words);
  if (!bound) return bound.error().message;
  return json::dump(json::Value(*bound));
}

TEST(ToolUsage, RequiredScalarsArePositionalInSchemaOrder) {
  const Usage usage = tool_usage(remember());
  EXPECT_EQ(usage.command, "knowledge remember-all");
  std::vector<std::string> positional;
  for (const Parameter& parameter : usage.parameters) {
    if (parameter.is_positional) positional.push_back(parameter.name);
  }
  EXPECT_THAT(positional, testing::ElementsAre("text", "kind"));
}

TEST(ToolUsage, TakesStatementsAndFilesAsWords) {
  const auto bound = [](const char* schema, const std::vector<std::string>& words) {
    const json::Value tool = *json::parse(schema);
    const auto arguments = parse_words(tool_usage(tool), words);
    if (!arguments) return arguments.error().message;
    const auto object = bind_arguments(tool, *arguments, [] { return std::string("SELECT 3"); });
    return object ? json::dump(json::Value(*object)) : object.error().message;
  };
  const char* execute = R"({"name":"sql_execute","inputSchema":{"required":["sql"],"properties":{
      "sql":{"type":["string","array"],"items":{"type":"string"}},"database":{"type":"string"}}}})";
  EXPECT_EQ(bound(execute, {"a", "b", "--database", "x"}), R"({"sql":["a","b"],"database":"x"})");
  EXPECT_EQ(bound(execute, {"--sql", "a", "--sql", "b"}), R"({"sql":["a","b"]})");
  EXPECT_EQ(bound(execute, {"-"}), R"({"sql":["SELECT 3"]})");
  const char* query = R"({"name":"sql_query","inputSchema":{"properties":{
      "sql":{"type":"string"},"cursor":{"type":"string"}}}})";
  EXPECT_EQ(bound(query, {"-"}), R"({"sql":"SELECT 3"})");
  EXPECT_EQ(bound(query, {"--cursor", "-"}), R"({"cursor":"-"})");
  const char* load = R"({"name":"sql_load","inputSchema":{"required":["table"],"properties":{
      "table":{"type":"string"},"path":{"type":"string"},
      "paths":{"type":"array","items":{"type":"string"}}}}})";
  EXPECT_EQ(bound(load, {"t", "a.csv", "b.csv"}), R"({"table":"t","paths":["a.csv","b.csv"]})");
  EXPECT_EQ(bound(load, {"t", "--path", "a.csv"}), R"({"table":"t","path":"a.csv"})");
}

TEST(ToolUsage, LeavesOutNamesThatNoOptionCanHave) {
  const Usage usage = tool_usage(remember());
  EXPECT_EQ(std::ranges::count(usage.parameters, "bad name", &Parameter::name), 0);
}

TEST(ToolUsage, HelpShowsRangesAndDefaults) {
  const std::string page = help_page(tool_usage(remember()), {});
  EXPECT_THAT(page, HasSubstr("(1 to 100; default 10)"));
  EXPECT_THAT(page, HasSubstr("--kind note|file"));
  EXPECT_THAT(page, HasSubstr("Stores a text."));
}

TEST(ToolUsage, SurvivesStrangeSchemas) {
  for (const char* text :
       {"{}", "[]", R"({"name":"x"})", R"({"name":"a_b","inputSchema":7})",
        R"({"name":"a_b","inputSchema":{"properties":[1]}})",
        R"({"name":"a_b","inputSchema":{"properties":{"x":true,"y":null},"required":"x"}})"}) {
    EXPECT_NO_FATAL_FAILURE((void)tool_usage(*json::parse(text))) << text;
  }
}

TEST(BindArguments, MakesTypedJson) {
  EXPECT_EQ(bound_text({"hi", "note", "--limit", "5", "--score=1.5", "--counts", "1", "--counts=2",
                        "--properties", R"({"a":[1]})"}),
            R"({"text":"hi","limit":5,"score":1.5,"kind":"note","tags":["t"],"counts":[1,2],)"
            R"("properties":{"a":[1]},"sure":true})");
}

TEST(BindArguments, LeavesUnsetOnesToTheTool) {
  EXPECT_EQ(bound_text({"hi", "note"}), R"({"text":"hi","kind":"note","tags":["t"],"sure":true})");
}

TEST(BindArguments, KeepsTextsThatLookLikeOtherTypes) {
  EXPECT_THAT(bound_text({"7", "note"}), HasSubstr(R"("text":"7")"));
  EXPECT_THAT(bound_text({"true", "note"}), HasSubstr(R"("text":"true")"));
  EXPECT_THAT(bound_text({"hi", "note", "--any", "plain text"}),
              HasSubstr(R"("any":"plain text")"));
  EXPECT_THAT(bound_text({"hi", "note", "--any", "[1]"}), HasSubstr(R"("any":[1])"));
}

TEST(BindArguments, TakesAWholeListAsJson) {
  const auto bound = bind_words({"hi", "note", "--tags", R"(["a","b"])", "--sure"});
  ASSERT_TRUE(bound);
  EXPECT_EQ(json::dump(bound->at("tags")), R"(["a","b"])");
}

TEST(BindArguments, ReadsADashFromStandardInput) {
  EXPECT_THAT(bound_text({"-", "note"}), HasSubstr(R"("text":"from input")"));
}

TEST(BindArguments, NamesOptionExpectationAndValue) {
  EXPECT_EQ(bound_text({"hi", "note", "--limit", "many"}),
            R"(--limit: expected an integer (1 to 100), got "many")");
  EXPECT_EQ(bound_text({"hi", "note", "--limit", "101"}),
            R"(--limit: expected an integer (1 to 100), got "101")");
  EXPECT_EQ(bound_text({"hi", "note", "--limit", "5x"}),
            R"(--limit: expected an integer (1 to 100), got "5x")");
  EXPECT_EQ(bound_text({"hi", "note", "--limit", "99999999999999999999"}),
            R"(--limit: expected an integer (1 to 100), got "99999999999999999999")");
  EXPECT_EQ(bound_text({"hi", "note", "--score=-1"}),
            R"(--score: expected a number (at least 0), got "-1")");
  EXPECT_EQ(bound_text({"hi", "note", "--score=nan"}),
            R"(--score: expected a number (at least 0), got "nan")");
  EXPECT_EQ(bound_text({"hi", "note", "--counts=1.5"}),
            R"(--counts: expected an integer, got "1.5")");
  EXPECT_EQ(bound_text({"hi", "nite"}), R"(KIND: expected one of note, file; got "nite")");
  EXPECT_EQ(bound_text({"hi", "note", "--properties", "[1]"}),
            R"(--properties: expected a JSON object, got "[1]")");
  EXPECT_THAT(bound_text({"hi", "note", "--properties", "{a:1}"}),
              HasSubstr("--properties: expected a JSON object: JSON: "));
}

TEST(SplitToolName, CutsAtTheFirstUnderscore) {
  EXPECT_EQ(split_tool_name("knowledge_search").verb, "search");
  EXPECT_EQ(split_tool_name("sql_list_tables").verb, "list_tables");
  EXPECT_EQ(split_tool_name("request").pack, "");
  EXPECT_EQ(split_tool_name("request").verb, "request");
}

}  // namespace
}  // namespace hearth::cli
