#include "packs/mandates/engine/approvals.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/ids.hpp"
#include "packs/mandates/engine/runs.hpp"

namespace hearth::packs::mandates {
namespace {

using std::chrono::milliseconds;

// "LENGTH:BYTES," (Bernstein's netstrings): every field is whole, whatever it holds.
void put(std::string& out, std::string_view field) {
  out += std::to_string(field.size());
  out.append(1, ':').append(field).append(1, ',');
}
void put(std::string& out, std::int64_t number) {
  put(out, std::to_string(number));
}
void put(std::string& out, WallTime time) {
  put(out, time.time_since_epoch().count());
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Takes fields from the front; after a mistake everything is empty and is_good() false.
class FieldReader final {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  std::string_view text() {
    const auto colon = rest_.substr(0, 20).find(':');
    const auto size = parse_number(rest_.substr(0, colon));
    if (colon == std::string_view::npos || !size || *size < 0 ||
        static_cast<std::size_t>(*size) >= rest_.size() - colon - 1 ||
        rest_[colon + 1 + static_cast<std::size_t>(*size)] != ',') {
      return failed();
    }
    const auto field = rest_.substr(colon + 1, static_cast<std::size_t>(*size));
    rest_.remove_prefix(colon + field.size() + 2);
    return field;
  }
  std::int64_t number() {
    const auto value = parse_number(text());
    if (!value) failed();
    return value.value_or(0);
  }
  WallTime time() { return WallTime(milliseconds(number())); }
  [[nodiscard]] bool is_whole() const { return is_good_ && rest_.empty(); }

 private:
  std::string_view failed() {
    is_good_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool is_good_ = true;
};

constexpr std::string_view proposal_magic = "hearth-proposal-1\n";
constexpr std::string_view decision_magic = "hearth-decision-1\n";

std::unexpected<Error> forged(std::string_view what) {
  return fail(Errc::permission,
              "the " + std::string(what) + " was not made by this daemon, or was edited",
              {"look at the journal, and at who can write the mandates directory"});
}

// The body of "MAGIC BODY MAC", when the MAC is right.
std::optional<std::string_view> open_seal(std::string_view sealed,
                                          std::string_view magic,
                                          std::string_view subject,
                                          const Key& key) {
  constexpr std::size_t mac_size = std::tuple_size_v<Digest>;
  if (!sealed.starts_with(magic) || sealed.size() < magic.size() + mac_size) return std::nullopt;
  Digest mac;
  const auto end = sealed.size() - mac_size;
  std::ranges::copy(sealed.substr(end), mac.begin());
  if (!is_equal(mac, key.mac({magic, subject, sealed.substr(0, end)}))) return std::nullopt;
  return sealed.substr(magic.size(), end - magic.size());
}

std::string put_seal(std::string text,
                     std::string_view magic,
                     std::string_view subject,
                     const Key& key) {
  const Digest mac = key.mac({magic, subject, text});
  return std::move(text.append(view(mac)));
}

constexpr std::array<std::string_view, 3> verdict_states{"denied", "approved", "approved"};
constexpr std::array<std::string_view, 3> verdict_names{"deny", "approve", "elevate"};

constexpr std::string_view row_sql = "SELECT state, run_n, sealed, decision, id FROM proposals ";

}  // namespace

std::string seal(const Proposal& proposal, const Key& key) {
  std::string text(proposal_magic);
  put(text, proposal.id);
  put(text, proposal.run);
  put(text, std::int64_t{proposal.cycle});
  put(text, proposal.step);
  put(text, std::int64_t{proposal.needs_elevation});
  put(text, proposal.kind);
  put(text, proposal.target);
  put(text, proposal.identity);
  put(text, proposal.before_hash);
  put(text, proposal.after_hash);
  put(text, proposal.created);
  put(text, proposal.expires);
  put(text, proposal.content);
  return put_seal(std::move(text), proposal_magic, {}, key);
}

Result<Proposal> open_proposal(std::string_view sealed, const Key& key) {
  const auto body = open_seal(sealed, proposal_magic, {}, key);
  if (!body) return forged("proposal");
  FieldReader fields(*body);
  Proposal proposal;
  proposal.id = fields.text();
  proposal.run = fields.text();
  proposal.cycle = static_cast<int>(fields.number());
  proposal.step = fields.text();
  proposal.needs_elevation = fields.number() != 0;
  proposal.kind = fields.text();
  proposal.target = fields.text();
  proposal.identity = fields.text();
  proposal.before_hash = fields.text();
  proposal.after_hash = fields.text();
  proposal.created = fields.time();
  proposal.expires = fields.time();
  proposal.content = fields.text();
  if (!fields.is_whole()) return forged("proposal");
  return proposal;
}

std::string seal(const Decision& decision, std::string_view sealed_proposal, const Key& key) {
  std::string text(decision_magic);
  put(text, decision.proposal);
  put(text, std::int64_t{static_cast<int>(decision.verdict)});
  put(text, decision.reviewer);
  put(text, decision.reason);
  put(text, decision.decided);
  return put_seal(std::move(text), decision_magic, sealed_proposal, key);
}

Result<Decision> open_decision(std::string_view sealed,
                               std::string_view sealed_proposal,
                               const Key& key) {
  const auto body = open_seal(sealed, decision_magic, sealed_proposal, key);
  if (!body) return forged("decision");
  FieldReader fields(*body);
  Decision decision;
  decision.proposal = fields.text();
  const std::int64_t verdict = fields.number();
  decision.reviewer = fields.text();
  decision.reason = fields.text();
  decision.decided = fields.time();
  if (!fields.is_whole() || verdict < 0 || verdict > 2) return forged("decision");
  decision.verdict = static_cast<Verdict>(verdict);
  return decision;
}

// Rows are believed only as far as their seals go: an id, a deadline or a verdict in a column is
// for finding, not for deciding.
Result<ProposalRow> Approvals::read_row(const store::Rows& rows) const {
  ProposalRow row{.state = std::string(rows.text(0)), .run_n = rows.integer(1)};
  const std::string sealed(rows.blob(2));
  auto proposal = open_proposal(sealed, key_);
  if (!proposal) return std::unexpected(std::move(proposal.error()));
  row.proposal = std::move(*proposal);
  row.digest = hex(digest(sealed));
  if (row.proposal.id != rows.text(4)) return forged("proposal");
  if (!rows.is_null(3)) {
    auto decision = open_decision(rows.blob(3), sealed, key_);
    if (!decision) return std::unexpected(std::move(decision.error()));
    row.decision = std::move(*decision);
  }
  // "used" is an approved one whose effect was intended.
  const bool is_yes = row.state == "approved" || row.state == "used";
  if (is_yes && (!row.decision || row.decision->verdict == Verdict::deny ||
                 (row.proposal.needs_elevation && row.decision->verdict != Verdict::elevate))) {
    return forged("approval");
  }
  return row;
}

Result<Proposal> Approvals::propose(std::int64_t run_n, Proposal proposal) {
  return store_.write<Proposal>(Point::proposal_made, [&](Change& change) -> Result<Proposal> {
    proposal.id = "prop_" + random_hex(16);
    proposal.created = change.now();
    auto done = change->run(
        "UPDATE proposals SET state = 'superseded' WHERE run_n = ? AND cycle = ? AND step = ? AND "
        "state IN ('pending', 'approved')",
        run_n, proposal.cycle, proposal.step);
    if (done) {
      done = change->run(
          "INSERT INTO proposals(id, run_n, cycle, step, state, created_ms, expires_ms, sealed) "
          "VALUES(?, ?, ?, ?, 'pending', ?, ?, ?)",
          proposal.id, run_n, proposal.cycle, proposal.step, change.now_ms(),
          proposal.expires.time_since_epoch().count(), store::Blob{seal(proposal, key_)});
    }
    if (done) {
      done = change.note("proposal", {{"proposal", proposal.id},
                                      {"run", proposal.run},
                                      {"step", proposal.step},
                                      {"target", proposal.target},
                                      {"content", hex(digest(proposal.content))}});
    }
    if (!done) return std::unexpected(std::move(done.error()));
    return proposal;
  });
}

Result<void> Approvals::decide(const std::string& id,
                               Verdict verdict,
                               std::string reviewer,
                               std::string reason,
                               std::optional<std::string> digest) {
  bool is_late = false;
  auto decided = store_.commit(Point::proposal_decided, [&](Change& change) -> Result<void> {
    auto rows = change->query(std::string(row_sql) + "WHERE id = ?", id);
    if (!rows.next()) {
      return rows.ok() ? fail(Errc::not_found, "no proposal " + id) : std::unexpected(rows.error());
    }
    const std::string sealed(rows.blob(2));
    const auto row = read_row(rows);
    if (!row) return std::unexpected(row.error());
    if (row->state != "pending")
      return fail(Errc::conflict, "proposal " + id + " is " + row->state);
    if (digest && *digest != row->digest) {
      return fail(Errc::conflict, "proposal " + id + " is not what was shown",
                  {"look at it again; nothing was decided"});
    }
    if (verdict == Verdict::approve && row->proposal.needs_elevation) {
      return fail(Errc::permission, "proposal " + id + " is against a rule",
                  {"elevate it, for this once, if that is meant"});
    }
    is_late = change.now() >= row->proposal.expires;
    const Decision decision{.proposal = id,
                            .verdict = verdict,
                            .reviewer = reviewer,
                            .reason = reason,
                            .decided = change.now()};
    const auto index = static_cast<std::size_t>(verdict);
    const std::string_view state = is_late ? "expired" : verdict_states[index];
    std::optional<std::string> text;
    if (!is_late) text = seal(decision, sealed, key_);
    auto done = change->run(
        "UPDATE proposals SET state = ?, decided_ms = ?, decision = CAST(? AS BLOB) WHERE id = ?",
        state, change.now_ms(), text ? std::optional(store::Blob{*text}) : std::nullopt, id);
    if (done) done = wake_run(change, row->run_n);
    if (done) {
      done =
          change.note("proposal_decided", {{"proposal", id},
                                           {"verdict", is_late ? "expired" : verdict_names[index]},
                                           {"digest", row->digest},
                                           {"reviewer", reviewer},
                                           {"reason", reason}});
    }
    return done;
  });
  if (decided && is_late) {
    return fail(Errc::timed_out, "proposal " + id + " was not answered in time: denied",
                {"run the mandate again"});
  }
  return decided;
}

Result<std::optional<ProposalRow>> Approvals::latest(std::int64_t run_n,
                                                     int cycle,
                                                     const std::string& step) {
  std::optional<ProposalRow> found;
  {
    auto reader = store_.read();
    if (!reader) return std::unexpected(std::move(reader.error()));
    auto rows = (*reader)->query(std::string(row_sql) +
                                     "WHERE run_n = ? AND cycle = ? AND step = ? ORDER BY "
                                     "created_ms DESC, state = 'superseded' LIMIT 1",
                                 run_n, cycle, step);
    if (!rows.next()) {
      if (!rows.ok()) return std::unexpected(rows.error());
      return found;
    }
    auto row = read_row(rows);
    if (!row) return std::unexpected(std::move(row.error()));
    if (row->proposal.cycle != cycle || row->proposal.step != step) return forged("proposal");
    found = std::move(*row);
  }
  if (found->state == "pending" && store_.now() >= found->proposal.expires) {
    const std::string& id = found->proposal.id;
    auto done = store_.commit(Point::proposal_decided, [&](Change& change) -> Result<void> {
      auto expired = change->run(
          "UPDATE proposals SET state = 'expired', decided_ms = ? WHERE id = ? AND state = "
          "'pending'",
          change.now_ms(), id);
      if (expired)
        expired = change.note("proposal_decided", {{"proposal", id}, {"verdict", "expired"}});
      return expired;
    });
    if (!done) return std::unexpected(std::move(done.error()));
    found->state = "expired";
  }
  return found;
}

Result<void> Approvals::supersede(const std::string& id) {
  return store_.commit(Point::proposal_decided, [&](Change& change) -> Result<void> {
    auto done = change->run(
        "UPDATE proposals SET state = 'superseded' WHERE id = ? AND state IN ('pending', "
        "'approved')",
        id);
    if (done) done = change.note("proposal_superseded", {{"proposal", id}});
    return done;
  });
}

Result<std::vector<std::string>> Approvals::pending() {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  std::vector<std::string> ids;
  auto rows =
      (*reader)->query("SELECT id FROM proposals WHERE state = 'pending' ORDER BY expires_ms, id");
  while (rows.next()) ids.emplace_back(rows.text(0));
  if (!rows.ok()) return std::unexpected(rows.error());
  return ids;
}

Result<ProposalRow> Approvals::load(const std::string& id) {
  auto reader = store_.read();
  if (!reader) return std::unexpected(std::move(reader.error()));
  auto rows = (*reader)->query(std::string(row_sql) + "WHERE id = ?", id);
  if (!rows.next()) {
    return rows.ok() ? fail(Errc::not_found, "no proposal " + id) : std::unexpected(rows.error());
  }
  return read_row(rows);
}

Result<void> use_approval(Change& change, const Proposal& proposal) {
  if (change.now() >= proposal.expires) {
    return fail(Errc::permission, "the approval " + proposal.id + " is too old");
  }
  auto done = change->run("UPDATE proposals SET state = 'used' WHERE id = ? AND state = 'approved'",
                          proposal.id);
  if (done && change->changes() != 1) {
    return fail(Errc::permission, "the approval " + proposal.id + " was used, or never given");
  }
  if (done) done = change.note("approval_used", {{"proposal", proposal.id}});
  return done;
}

}  // namespace hearth::packs::mandates
