#include "base/terminal_text.hpp"
#include "base/text_diff.hpp"
#include "json/json.hpp"
#include "packs/mandates/decision.hpp"
#include "packs/mandates/engine/mandate.hpp"
#include "packs/mandates/engine/runs.hpp"
#include "packs/mandates/proposal_text.hpp"
#include "packs/mandates/workspace/content_hash.hpp"

namespace hearth::packs::mandates {
namespace {

// In one line: another could look like one of ours.
std::string line(std::string_view text) {
  return printable(text, Lines::join, Spelling::exact);
}

// JSON, which tells an escape from what looks like one by itself.
std::string json_line(std::string_view text) {
  return printable(text, Lines::join);
}

// There is content, which is no text.
bool is_hidden(const std::string& content, const std::string& hash) {
  return content.empty() && !hash.empty() && hash != workspace::content_hash("");
}

std::string hash(const std::string& of_content) {
  return of_content.empty() ? "none" : line(of_content);
}

std::string file_text(const DeedFile& file) {
  std::string text = line(file.action) + " " + line(file.path);
  if (!file.to.empty()) text += " -> " + line(file.to);
  if ((file.mode & 0111) != 0) text += " (a program)";
  if (file.to.empty() &&
      (is_hidden(file.before, file.before_hash) || is_hidden(file.after, file.after_hash)))
    return text + "\n(no text; its hash is " + hash(file.after_hash) + ", it was " +
           hash(file.before_hash) + ")\n";
  // Whole lines: what is cut off would be approved unseen.
  return text + "\n" + text_diff(file.before, file.after, std::string::npos) + "\n";
}

std::string command_text(const Deed& deed) {
  json::Array words;
  for (const std::string& word : deed.words) words.emplace_back(word);
  std::string text = std::string(deed.writes ? "command that may write here: " : "command: ") +
                     json_line(json::dump(words)) + "\n";
  for (const std::string& host : deed.hosts) text += "  it may reach " + line(host) + "\n";
  for (const SecretVariable& each : deed.secrets)
    text += "  it is given the secret " + line(each.secret) + " as " + line(each.variable) + "\n";
  return text;
}

}  // namespace

Result<std::string> proposal_text(const ProposalRow& row, const std::string& mandate) {
  const Proposal& proposal = row.proposal;
  const auto deed = parse_deed(proposal.content);
  if (!deed) return std::unexpected(deed.error());
  std::string text = line(proposal.id) + ": " + line(proposal.kind) + " in " +
                     line(deed->workspace) + (deed->root.empty() ? "" : " of " + line(deed->root)) +
                     ", until " + format_rfc3339(proposal.expires) + "\nfor the mandate " +
                     (mandate.empty() ? "" : line(mandate) + ", ") + line(deed->mandate) +
                     ", run " + line(proposal.run) + ", cycle " + std::to_string(proposal.cycle) +
                     ", step " + line(proposal.step) + "\ndigest " + row.digest + "\n";
  if (proposal.needs_elevation)
    text += "This concerns what is protected: it needs `hearth mandates elevate`.\n";
  for (const DeedFile& file : deed->files) text += file_text(file);
  if (!deed->words.empty()) text += command_text(*deed);
  if (!deed->tool.empty())
    text += "tool: " + line(deed->tool) + " " + json_line(deed->arguments) + "\n";
  if (!deed->branch.empty())
    text += "commit to " + line(deed->branch) + ": " + line(deed->message) + "\n";
  return text;
}

Result<std::string> named_proposal_text(MandateStore& store, const ProposalRow& row) {
  auto reader = store.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  const auto run = load_run(**reader, row.run_n);
  if (!run) return std::unexpected(run.error());
  const auto mandate = load_mandate(**reader, run->mandate_n);
  if (!mandate) return std::unexpected(mandate.error());
  return proposal_text(row, mandate->name);
}

}  // namespace hearth::packs::mandates
