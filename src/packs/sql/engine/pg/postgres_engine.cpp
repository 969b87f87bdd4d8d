#include "packs/sql/engine/pg/postgres_engine.hpp"

#include <string>
#include <utility>

#include "base/guarded.hpp"
#include "packs/sql/engine/pg/location.hpp"
#include "packs/sql/engine/pg/postgres_connection.hpp"

namespace hearth::packs::sql::pg {
namespace {

class PostgresEngine final : public Engine {
 public:
  explicit PostgresEngine(PostgresSettings settings) : settings_(std::move(settings)) {}

  std::string_view kind() const override { return "postgres"; }
  Capabilities capabilities() const override { return {}; }
  Result<std::unique_ptr<sql::Connection>> connect(const DatabaseRef& database,
                                                   const SessionRef& /*session*/,
                                                   const Work& work) override {
    auto options = parse_location(database.location);
    if (!options) return std::unexpected(std::move(options.error()));
    options = with_ssl_mode(std::move(*options), settings_.ssl_mode);
    if (!options) return std::unexpected(std::move(options.error()));
    options = with_password(std::move(*options), settings_.password, work);
    if (!options) return std::unexpected(std::move(options.error()));
    auto connection = PostgresConnection::open(std::move(*options), database.access, work);
    if (!connection) return std::unexpected(std::move(connection.error()).within(database.alias));
    *version_.lock() = (*connection)->version();
    return std::unique_ptr<sql::Connection>(std::move(*connection));
  }
  void stop() override {}
  EngineStatus status() const override {
    EngineStatus status;
    status.version = *version_.lock();
    return status;
  }

 private:
  const PostgresSettings settings_;
  mutable Guarded<std::string> version_;  // of the server that was connected to last
};

}  // namespace

std::unique_ptr<Engine> make_postgres_engine(PostgresSettings settings) {
  return std::make_unique<PostgresEngine>(std::move(settings));
}

}  // namespace hearth::packs::sql::pg
