#include "packs/mandates/mandate_wire.hpp"

#include <algorithm>
#include <iterator>

namespace hearth::packs::mandates::wire {
json::Notes notes(const CreateRequest*) {
  json::Notes all = mandates::notes(static_cast<const MandateSpec*>(nullptr));
  std::erase_if(all, [](const json::Note& each) { return each.name == "root"; });
  all.insert(all.begin(), {"name", "A short unique name", json::range(1, 200)});
  for (json::Note& each : all) {
    if (each.name == "workspace")
      each = {"workspace", "Directory in the caller's project; default: the project's top"};
  }
  all.push_back(
      {"timing",
       "When: \"cron 30 9 * * mon-fri\", \"every 90m\", \"at 2026-12-24T18:00:00Z\", \"after "
       "failed NAME\" (succeeded, ended) of another mandate's run, \"on changed docs/** *.md\", "
       "\"on labelled bug\" of an issue, \"on remembered TAG\" of a new entry of knowledge",
       json::range(1, 5'000)});
  all.push_back({"zone", "Time zone of cron: Europe/Berlin", json::defaulted});
  all.push_back({"start", "Also begin a run now", json::defaulted});
  return all;
}
json::Notes notes(const CreateAnswer*) {
  return {{"id", ""}, {"name", ""}, {"schedule", "Its schedule's id"}, {"run", "The run's id"}};
}
json::Notes notes(const UpdateRequest*) {
  json::Notes all{{"mandate", mandate_text, word()},
                  {"goal", "The new goal", json::range(1, 20'000)},
                  {"observe", "What it looks at from now on: {\"files\": [\"docs/*.md\"]}"},
                  {"cycles", "Fewer cycles", json::range(1, 1'000)}};
  // Smaller ones; a person raises them.
  std::ranges::move(limit_notes(), std::back_inserter(all));
  return all;
}
json::Notes notes(const MandateRequest*) {
  return {{"mandate", mandate_text, word()}};
}
json::Notes notes(const StateRequest*) {
  return {{"mandate", mandate_text, word()}, {"reason", "Why", reason()}};
}
json::Notes notes(const MandateRow*) {
  return {{"id", ""},
          {"name", ""},
          {"state", "active, paused or stopped"},
          {"reason", "Why it is not active"},
          {"goal", ""}};
}
json::Notes notes(const ShowAnswer*) {
  return {{"mandate", ""}, {"rules", "All that it was created with"}};
}
json::Notes notes(const MandatesAnswer*) {
  return {{"mandates", "Newest first"}, {"total", ""}, {"truncated", "There are more"}};
}

MandateRow to_row(const Mandate& mandate) {
  const auto spec = parse_spec(mandate.spec);
  return {.id = mandate.id,
          .name = mandate.name,
          .state = mandate.state,
          .reason = mandate.reason,
          .goal = spec ? spec->goal : std::string()};
}

}  // namespace hearth::packs::mandates::wire
