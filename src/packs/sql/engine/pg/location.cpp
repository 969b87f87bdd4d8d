#include "packs/sql/engine/pg/location.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include "io/captured_output.hpp"

namespace hearth::packs::sql::pg {
namespace {

constexpr std::size_t longest_password = 16'384;  // bytes

// A tool's argument ends up in transcripts and logs, and whoever writes it must not choose which
// of the user's files libpq reads as secrets.
constexpr std::array secrets{"password", "passfile", "sslpassword", "service", "servicefile"};

const std::vector<std::string>& where_passwords_go() {
  static const std::vector<std::string> places{
      "leave it out, and put a line host:port:database:user:password into ~/.pgpass (chmod 600)",
      "or name a program that prints it: password_command in [sql.postgres]"};
  return places;
}

std::string value_of(const Options& options, std::string_view name) {
  const auto found = std::ranges::find(options, name, &Options::value_type::first);
  return found == options.end() ? "" : found->second;
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
    if (std::ranges::find(secrets, std::string_view(option->keyword)) != secrets.end()) {
      return fail(Errc::invalid_args,
                  std::string("an address may not hold `") + option->keyword + "`",
                  where_passwords_go());
    }
    options.emplace_back(option->keyword, option->val);
  }
  return options;
}

Result<Options> with_password(Options options, const PasswordSource& source, const Work& work) {
  if (!source.passfile.empty()) options.emplace_back("passfile", source.passfile);
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
