// Configuration files: any text gives settings or a complaint that names the file, and a duration
// or size that was read is one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/values.hpp"
#include "config/settings.hpp"

namespace {

using namespace hearth;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_named(const Error& error) {
  require(error.message.find("the-file.toml") != std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<config::KnownPack> packs{{"knowledge", {{"embedder.url", "a URL"}}}};

  const auto settings = config::parse_settings(text, "the-file.toml", packs);
  if (settings) {
    require(config::config_id(*settings, "/d") == config::config_id(*settings, "/d"));
    require(settings->idle_timeout.count() >= 0 && settings->drain_timeout.count() >= 0);
  } else {
    require_named(settings.error());
  }
  config::ClientSettings client;
  if (const auto read = config::parse_client(text, "the-file.toml", client); !read) {
    require_named(read.error());
  }
  if (const auto read = config::parse_project(text, "the-file.toml", client); !read) {
    require_named(read.error());
  }
  if (const auto duration = parse_duration(text)) require(duration->count() >= 0);
  (void)parse_size(text);
  (void)parse_bool(text);
  return 0;
}
