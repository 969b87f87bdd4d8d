#include <algorithm>
#include <vector>

#include "base/log.hpp"
#include "json/json.hpp"
#include "packs/mandates/decisions.hpp"
#include "packs/mandates/engine/digest.hpp"
#include "packs/mandates/mandate_spec_wire.hpp"

namespace hearth::packs::mandates {
namespace {

std::optional<Verdict> verdict_of(std::string_view verb) {
  if (verb == "approve") return Verdict::approve;
  if (verb == "elevate") return Verdict::elevate;
  if (verb == "reject") return Verdict::deny;
  return std::nullopt;
}

Result<std::string> decide_proposal(Space& space,
                                    Verdict verdict,
                                    const json::Value& given,
                                    const pack::Reviewer& reviewer) {
  std::string id;
  {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto found = find_proposal(**reader, std::string(json::string_or(given, "proposal", "")));
    if (!found) return std::unexpected(std::move(found.error()));
    id = std::move(*found);
  }
  const std::string digest(json::string_or(given, "digest", ""));
  if (digest.empty())
    return fail(Errc::invalid_args, "digest: expected that of what was shown; " + id + " has one");
  const std::string reason(json::string_or(given, "reason", ""));
  auto decided =
      Approvals(space.store())
          .decide(id, verdict, reviewer.name, space.bench().redactor().redact(reason), digest);
  if (!decided) return std::unexpected(std::move(decided.error()));
  space.dispatcher().wake();
  return json::dump(json::Value{{"proposal", id},
                                {"state", verdict == Verdict::deny ? "denied" : "approved"},
                                {"reviewer", reviewer.name}});
}

Result<std::string> resolve_effect(Space& space,
                                   std::string_view verb,
                                   const json::Value& given,
                                   const pack::Reviewer& reviewer) {
  const std::string key(json::string_or(given, "effect", ""));
  auto resolved = Effects(space.store()).resolve(key, verb == "happened", reviewer.name);
  if (!resolved) return std::unexpected(std::move(resolved.error()));
  space.dispatcher().wake();
  return json::dump(json::Value{{"effect", key}, {"state", verb}, {"reviewer", reviewer.name}});
}

// A mandate's limits, which tools only make smaller.
Result<std::string> set_budget(Space& space,
                               const json::Value& given,
                               const pack::Reviewer& reviewer) {
  const json::Value* const limits = json::find(given, "limits");
  if (limits == nullptr || !limits->is_object() || limits->as_object().empty())
    return fail(Errc::invalid_args, "limits: expected an object of those that change");
  const auto mandate = [&]() -> Result<Mandate> {
    auto reader = space.store().read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    return find_mandate(**reader, std::string(json::string_or(given, "mandate", "")));
  }();
  if (!mandate) return std::unexpected(mandate.error());
  if (hex(digest(mandate->spec)) != json::string_or(given, "digest", ""))
    return fail(Errc::conflict, "the mandate " + mandate->name + " is not as it was shown",
                {"look at it again: hearth mandates budget --mandate " + mandate->name});
  auto spec = with_limits(mandate->spec, limits->as_object());
  if (!spec) return std::unexpected(std::move(spec.error()));
  const auto wanted = parse_spec(*spec);
  if (!wanted) return std::unexpected(wanted.error());
  if (auto ok = check_seconds(*wanted, space.bench().settings()->model.timeout); !ok)
    return std::unexpected(std::move(ok.error()));
  const MandateChange change{.before = digest(mandate->spec),
                             .spec = std::move(*spec),
                             .what = json::dump(*limits),
                             .reviewer = reviewer.name};
  if (auto done = update_mandate(space.store(), mandate->n, change); !done)
    return std::unexpected(std::move(done.error()));
  return json::dump(
      json::Value{{"mandate", mandate->id}, {"limits", *limits}, {"reviewer", reviewer.name}});
}

// What nobody reads is a mistake of who wrote it, who meant something by it.
Result<void> check_members(std::string_view verb, const json::Value& given) {
  std::vector<std::string_view> names{"verb"};
  if (verdict_of(verb)) names.insert(names.end(), {"proposal", "digest", "reason"});
  if (verb == "happened" || verb == "did_not_happen") names.emplace_back("effect");
  if (verb == "budget") names.insert(names.end(), {"mandate", "digest", "limits"});
  if (!given.is_object()) return fail(Errc::invalid_args, "expected a JSON object");
  for (const auto& [name, value] : given.as_object()) {
    if (std::ranges::find(names, std::string_view(name)) == names.end())
      return fail(Errc::invalid_args, std::string(name) + ": there is no such");
  }
  return {};
}

Result<std::string> decide_by(Space& space,
                              std::string_view verb,
                              const json::Value& given,
                              const pack::Reviewer& reviewer) {
  if (auto ok = check_members(verb, given); !ok) return std::unexpected(std::move(ok.error()));
  if (const auto verdict = verdict_of(verb))
    return decide_proposal(space, *verdict, given, reviewer);
  if (verb == "happened" || verb == "did_not_happen")
    return resolve_effect(space, verb, given, reviewer);
  if (verb == "accept_clock") {
    if (auto done = space.accept_clock(reviewer.name); !done)
      return std::unexpected(std::move(done.error()));
    return json::dump(
        json::Value{{"clock", format_rfc3339(space.store().now())}, {"reviewer", reviewer.name}});
  }
  if (verb == "budget") return set_budget(space, given, reviewer);
  return fail(Errc::invalid_args, "there is nothing to decide by \"" + std::string(verb) + "\"");
}

}  // namespace

Result<std::string> decide(Space& space,
                           std::string_view arguments,
                           const pack::Reviewer& reviewer) {
  const auto given = json::parse(arguments);
  if (!given) return std::unexpected(given.error());
  const auto verb = json::string_or(*given, "verb", "");
  auto decided = decide_by(space, verb, *given, reviewer);
  if (!decided) {
    log::warning(
        "refused a decision",
        {log::kv("verb", verb), log::kv("proposal", json::string_or(*given, "proposal", "")),
         log::kv("reviewer", reviewer.name), log::kv("why", decided.error().message)});
  }
  return decided;
}

}  // namespace hearth::packs::mandates
