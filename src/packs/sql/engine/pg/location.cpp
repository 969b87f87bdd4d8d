#include "packs/sql/engine/pg/location.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <string_view>

#include "io/captured_output.hpp"

namespace hearth::packs::sql::pg {
namespace {

constexpr std::size_t longest_password = 16'384;  // bytes
constexpr const char* libpq_ssl_mode = "prefer";  // where nobody says

// What a tool's argument may say. It ends up in transcripts and logs, so it holds no secret; and
// whoever writes it must not choose which of the user's files libpq reads, nor separate the name by
// which a password is looked up from the machine that gets it (hostaddr, several hosts).
constexpr std::array allowed{"host",
                             "port",
                             "user",
                             "dbname",
                             "sslmode",
                             "keepalives",
                             "keepalives_idle",
                             "connect_timeout",
                             "channel_binding",
                             "application_name"};
constexpr std::array secrets{"password", "passfile", "sslpassword", "service", "servicefile"};
// From weak to strong.
constexpr std::array ssl_modes{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"};

template <std::size_t N>
bool is_among(const std::array<const char*, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

const std::vector<std::string>& where_passwords_go() {
  static const std::vector<std::string> places{
      "leave it out, and put a line host:port:database:user:password into ~/.pgpass (chmod 600)",
      "or name a program that prints it: password_command in [sql.postgres]"};
  return places;
}

Result<void> check_option(std::string_view keyword, std::string_view value) {
  const std::string quoted = "`" + std::string(keyword) + "`";
  if (is_among(secrets, keyword)) {
    return fail(Errc::invalid_args, "an address may not hold " + quoted, where_passwords_go());
  }
  if (!is_among(allowed, keyword)) {
    return fail(Errc::invalid_args, "an address may not hold " + quoted,
                {"it names host, port, user and database, and sslmode if need be; files of TLS "
                 "keys and certificates are libpq's own, in ~/.postgresql"});
  }
  const bool is_server = keyword == "host" || keyword == "port";
  if (is_server && value.contains(',')) {
    return fail(Errc::invalid_args, "an address names one server", {"attach each by itself"});
  }
  return {};
}

// As an index in `ssl_modes`; beyond them for what libpq will refuse.
std::ptrdiff_t strength(std::string_view mode) {
  return std::ranges::find(ssl_modes, mode) - ssl_modes.begin();
}

std::string value_of(const Options& options, std::string_view name) {
  const auto found = std::ranges::find(options, name, &Options::value_type::first);
  return found == options.end() ? "" : found->second;
}

std::string_view in_environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// libpq sends PGPASSWORD to whatever server it connects to, and connects to PGHOSTADDR whatever the
// server is called: both are meant for that of PGHOST.
Result<void> check_environment(const Options& options, bool has_password) {
  const std::string host = value_of(options, "host");
  if (host.empty() || host == in_environment("PGHOST")) return {};
  if (!in_environment("PGHOSTADDR").empty()) {
    return fail(Errc::permission,
                "PGHOSTADDR in hearthd's environment would send what is meant for " + host +
                    " to another machine",
                {"start hearthd without it"});
  }
  if (has_password || in_environment("PGPASSWORD").empty()) return {};
  return fail(Errc::permission,
              "PGPASSWORD in hearthd's environment would be sent to any server that is named",
              {"start hearthd without it", where_passwords_go().front()});
}

}  // namespace

Result<Options> parse_location(const std::string& location) {
  const auto loaded = load_libpq();
  if (!loaded) return std::unexpected(loaded.error());
  const Libpq& pq = **loaded;
  // libpq's own message would repeat the text.
  const std::unique_ptr<PQconninfoOption, decltype(pq.conninfo_free)> parsed(
      pq.conninfo_parse(location.c_str(), nullptr), pq.conninfo_free);
  if (!parsed) {
    return fail(Errc::invalid_args, "this is no address of a PostgreSQL server",
                {"write it as postgresql://user@host:5432/database?sslmode=verify-full"});
  }
  Options options;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    if (auto fine = check_option(option->keyword, option->val); !fine) {
      return std::unexpected(std::move(fine.error()));
    }
    options.emplace_back(option->keyword, option->val);
  }
  return options;
}

bool is_ssl_mode(std::string_view text) {
  return is_among(ssl_modes, text);
}

Result<Options> with_ssl_mode(Options options, const std::string& configured) {
  // libpq reads a host that begins like this as the directory of a Unix socket.
  const std::string host = value_of(options, "host");
  if (host.starts_with('/') || host.starts_with('@')) return options;
  std::string least = configured;
  if (least.empty()) least = in_environment("PGSSLMODE");
  if (!is_ssl_mode(least)) least = libpq_ssl_mode;
  const std::string asked = value_of(options, "sslmode");
  if (asked.empty()) {
    options.emplace_back("sslmode", least);
  } else if (strength(asked) < strength(least)) {
    return fail(
        Errc::permission,
        "sslmode=" + asked + " is weaker than the " + least + " that passwords are sent under",
        {"leave sslmode out of the address",
         "or let the user set sslmode in [sql.postgres] of config.toml"});
  }
  return options;
}

Result<Options> with_password(Options options, const PasswordSource& source, const Work& work) {
  if (!source.passfile.empty()) options.emplace_back("passfile", source.passfile);
  if (auto fine = check_environment(options, !source.command.empty()); !fine)
    return std::unexpected(fine.error());
  if (source.command.empty()) return options;
  io::ChildPlan plan{.words = source.command, .environment = {}};
  std::vector<std::string> environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment.emplace_back(*variable);
  for (const auto& [name, keyword] :
       {std::pair("PGHOST", "host"), std::pair("PGPORT", "port"), std::pair("PGUSER", "user"),
        std::pair("PGDATABASE", "dbname")}) {
    const std::string prefix = std::string(name) + "=";
    std::erase_if(environment, [&](const std::string& text) { return text.starts_with(prefix); });
    environment.push_back(prefix + value_of(options, keyword));
  }
  plan.environment = std::move(environment);
  auto text =
      io::captured_output(std::move(plan), longest_password, std::chrono::seconds(30), work.stop);
  if (!text) return std::unexpected(std::move(text.error()).within("ask for the password"));
  text->resize(std::min(text->find('\n'), text->size()));
  if (text->empty()) {
    return fail(Errc::permission, source.command.front() + " printed no password",
                {"run it by hand with PGHOST, PGPORT, PGUSER and PGDATABASE set"});
  }
  options.emplace_back("password", std::move(*text));
  return options;
}

}  // namespace hearth::packs::sql::pg
