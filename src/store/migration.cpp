#include "store/migration.hpp"

#include <string>
#include <utility>

namespace hearth::store {
namespace {

struct Version {
  std::int64_t application = 0;
  std::int64_t number = 0;
  bool is_empty = true;
};

Result<Version> read_version(Database& database) {
  Version version;
  const auto application = database.integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  const auto number = database.integer("PRAGMA user_version");
  if (!number) return std::unexpected(number.error());
  const auto tables = database.integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  version.application = application->value_or(0);
  version.number = number->value_or(0);
  version.is_empty = tables->value_or(0) == 0;
  return version;
}

Result<void> check(const Version& version, const Database& database, const Schema& schema) {
  const std::string what = database.path() + " is ";
  if (version.application != schema.application_id &&
      !(version.application == 0 && version.is_empty)) {
    return fail(Errc::unsupported, what + "a database, but no " + std::string(schema.name),
                {"move the file away, or choose another data directory"});
  }
  const auto known = static_cast<std::int64_t>(schema.steps.size());
  if (version.number > known) {
    return fail(Errc::unsupported,
                what + "a " + std::string(schema.name) + " of version " +
                    std::to_string(version.number) + "; this program knows versions up to " +
                    std::to_string(known) + " and leaves it alone",
                {"use the newer hearth that made it"});
  }
  return {};
}

// One step, if it is still missing once the write lock is ours.
Result<void> apply(Database& database, const Schema& schema, std::int64_t number) {
  auto transaction = Transaction::begin(database, Transaction::Kind::immediate);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  const auto now = database.integer("PRAGMA user_version");
  if (!now) return std::unexpected(now.error());
  if (now->value_or(0) >= number) return {};
  const std::string script = schema.steps[static_cast<std::size_t>(number - 1)] +
                             std::string("\n;PRAGMA application_id = ") +
                             std::to_string(schema.application_id) +
                             "; PRAGMA user_version = " + std::to_string(number) + ";";
  if (auto done = database.execute(script); !done) {
    return std::unexpected(
        std::move(done.error()).within("migrate to version " + std::to_string(number)));
  }
  return transaction->commit();
}

}  // namespace

Result<void> migrate(Database& database, const Schema& schema) {
  const auto version = read_version(database);
  if (!version) return std::unexpected(version.error());
  if (auto fits = check(*version, database, schema); !fits) return fits;
  const auto newest = static_cast<std::int64_t>(schema.steps.size());
  for (std::int64_t number = version->number + 1; number <= newest; ++number) {
    if (auto done = apply(database, schema, number); !done) return done;
  }
  return {};
}

Result<void> check_version(Database& database, const Schema& schema) {
  const auto version = read_version(database);
  if (!version) return std::unexpected(version.error());
  if (auto fits = check(*version, database, schema); !fits) return fits;
  if (version->number < static_cast<std::int64_t>(schema.steps.size())) {
    return fail(Errc::unavailable,
                database.path() + " is of version " + std::to_string(version->number) +
                    "; the process that owns it has to bring it to version " +
                    std::to_string(schema.steps.size()) + " first",
                {"start the newest hearthd once"});
  }
  return {};
}

}  // namespace hearth::store
