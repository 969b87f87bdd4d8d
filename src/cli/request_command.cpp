// `hearth do 'OPS'`: a request in the request language (docs/request-language.md).
#include <array>

#include "cli/command.hpp"
#include "ipc/error_data.hpp"
#include "ipc/frame.hpp"

namespace hearth::cli {
namespace {

std::vector<Parameter> do_parameters() {
  return {{.name = "ops",
           .about = "Operations, in quotes; - reads them from standard input",
           .is_positional = true,
           .is_required = true},
          {.name = "presentation",
           .about = "How answers are shown: as they are (verbose, the default), short as for an "
                    "agent, or as Markdown (human)",
           .choices = {"agent", "verbose", "human"},
           .value_name = "NAME"}};
}

// Of an operation that failed.
Error error_of(const json::Value& result) {
  const json::Value* given = json::find(result, "error");
  if (given == nullptr) return {Errc::internal, "it failed without saying why", {}};
  return {errc_from_name(json::string_or(*given, "code", "")),
          std::string(json::string_or(*given, "message", "")), ipc::read_suggestions(*given)};
}

// What one operation answered, for people.
std::string show(const json::Value& result, const Look& look) {
  for (const std::string_view member : {"result", "text", "omitted"}) {
    if (const json::Value* value = json::find(result, member)) return render(*value, look);
  }
  return {};
}

// Each answer in its place: results on standard output, failures on standard error.
int show_all(const Output& output, const json::Array& results) {
  int status = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    const json::Value& result = results[i];
    std::string head;
    if (results.size() > 1) {
      head = (i == 0 ? "[" : "\n[") + std::to_string(i + 1) + "]";
      if (const auto verb = json::string_or(result, "verb", ""); !verb.empty())
        head.append(" ").append(verb);
      if (json::bool_or(result, "aborted", false)) head += " was not run";
      head += "\n";
    }
    const bool is_ok = json::bool_or(result, "ok", false);
    const int written = output.text(is_ok ? head + show(result, output.look()) : head);
    if (written != 0) return written;
    if (is_ok || json::bool_or(result, "aborted", false)) continue;
    const int failed = output.failure(error_of(result));
    if (status == 0) status = failed;
  }
  return status;
}

// Of the first operation that failed.
int status_of(const json::Array& results) {
  for (const json::Value& result : results) {
    if (!json::bool_or(result, "ok", false) && !json::bool_or(result, "aborted", false))
      return exit_code(error_of(result).code);
  }
  return 0;
}

Result<int> run_do(const Context& context, const Arguments& arguments) {
  std::string ops = *arguments.one("ops");
  if (ops == "-") {
    auto input = read_standard_input(ipc::frame_cap);
    if (!input) return std::unexpected(std::move(input.error()));
    ops = std::move(*input);
  }
  const json::Value request{{"ops", ops},
                            {"presentation", arguments.one("presentation").value_or("verbose")}};
  const auto answer = call_tool(context, "request", request);
  if (!answer) return std::unexpected(answer.error());
  const json::Value* results = json::find(*answer, "results");
  if (results == nullptr || !results->is_array())
    return fail(Errc::mismatch, "the daemon's answer holds no results", {"hearth doctor"});
  const Output& output = context.output();
  if (!output.is_json()) return show_all(output, results->get_array());
  const int written = output.result(*answer);
  return written != 0 ? written : status_of(results->get_array());
}

constexpr std::array commands{
    Command{"do", "Run operations: one, a batch or a chain",
            "hearth do 'knowledge_search(query=\"drain\", limit=3)'     one\n"
            "hearth do '[knowledge_stats(), hearth_status()]'         a batch, reads in parallel\n"
            "hearth do 'knowledge_search(query=\"drain\") | knowledge_get(id=$prev.hits[0].id)'\n"
            "                                                         a chain\n"
            "With --json: what the daemon answered. The exit status is that of the first operation "
            "that failed. hearth call verbs lists the verbs.",
            do_parameters, run_do},
};

}  // namespace

std::span<const Command> request_commands() {
  return commands;
}

}  // namespace hearth::cli
