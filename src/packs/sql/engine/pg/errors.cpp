#include "packs/sql/engine/pg/errors.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace hearth::packs::sql::pg {
namespace {

struct Meaning {
  std::string_view prefix;  // the whole code, or its class
  Errc code;
};

// The first that fits counts: single codes before their classes.
constexpr std::array meanings{
    Meaning{"57014", Errc::cancelled},
    Meaning{"53S01", Errc::timed_out},
    Meaning{"25006", Errc::read_only},
    Meaning{"40003", Errc::outcome_unknown},  // statement_completion_unknown (CockroachDB)
    Meaning{"40", Errc::conflict},            // serialization failure, deadlock
    Meaning{"55P03", Errc::conflict},         // lock not available
    Meaning{"42P01", Errc::not_found},
    Meaning{"42P07", Errc::conflict},  // a table that is there already
    Meaning{"42703", Errc::not_found},
    Meaning{"42883", Errc::not_found},
    Meaning{"42704", Errc::not_found},
    Meaning{"3F000", Errc::not_found},
    Meaning{"3D000", Errc::not_found},
    Meaning{"42501", Errc::permission},
    Meaning{"28", Errc::permission},
    Meaning{"0A", Errc::unsupported},
    Meaning{"25001", Errc::unsupported},  // cannot run inside a transaction block
    Meaning{"53300", Errc::busy},         // too many connections
    Meaning{"53100", Errc::io},           // disk full
    Meaning{"53", Errc::busy},
    Meaning{"57P", Errc::engine_restarted},
    Meaning{"08", Errc::engine_restarted},
    Meaning{"58", Errc::io},
    Meaning{"XX001", Errc::damaged},
    Meaning{"XX002", Errc::damaged},
    Meaning{"XX", Errc::unavailable},
};

bool is_sqlstate(std::string_view text) {
  return text.size() == 5 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// "LOCATION:  ProcessStartupPacket, postmaster.c:2342".
bool is_location(std::string_view line) {
  const auto file = line.rfind(".c:");
  return file != std::string_view::npos && line.find(", ") < file &&
         line.find_first_not_of("0123456789", file + 3) == std::string_view::npos;
}

}  // namespace

Refusal refusal_of(std::string_view verbose) {
  Refusal refusal;
  while (!verbose.empty()) {
    const std::string_view line = verbose.substr(0, verbose.find('\n'));
    verbose.remove_prefix(std::min(line.size() + 1, verbose.size()));
    if (!refusal.sqlstate.empty() && is_location(line)) continue;
    std::string kept(line);
    // "…: FATAL:  57P03: the database system is starting up".
    for (auto at = kept.find(":  "); at != std::string::npos; at = kept.find(":  ", at + 1)) {
      const std::string_view rest = std::string_view(kept).substr(at + 3);
      if (!is_sqlstate(rest.substr(0, rest.find(": ")))) continue;
      refusal.sqlstate = rest.substr(0, 5);
      kept.erase(at + 3, 7);
      break;
    }
    refusal.message += (refusal.message.empty() ? "" : "\n") + kept;
  }
  return refusal;
}

Errc code_of(std::string_view sqlstate) {
  const auto* const found = std::ranges::find_if(
      meanings, [&](const Meaning& meaning) { return sqlstate.starts_with(meaning.prefix); });
  return found == meanings.end() ? Errc::invalid_args : found->code;
}

std::vector<std::string> advice_for(std::string_view sqlstate) {
  if (sqlstate.starts_with("40") || sqlstate == "55P03") return {"run it again"};
  if (sqlstate == "25006") return {"use sql_execute on a database that was attached for writing"};
  if (sqlstate == "53300") return {"try again later", "lower the server's number of clients"};
  if (sqlstate == "28P01" || sqlstate == "28000")
    return {"check user and password: docs/sql-engines.md says where passwords belong"};
  if (sqlstate.starts_with("57P")) return {"try again in a moment"};
  if (sqlstate == "25001")
    return {"run it with the database's own tools, outside of a transaction"};
  return {};
}

std::string_view quoted_name(std::string_view message) {
  const auto begin = message.find_first_of("\"'");
  if (begin == std::string_view::npos) return {};
  const auto end = message.find(message[begin], begin + 1);
  if (end == std::string_view::npos) return {};
  return message.substr(begin + 1, end - begin - 1);
}

}  // namespace hearth::packs::sql::pg
