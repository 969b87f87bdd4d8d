#include "web/approvers.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/log.hpp"
#include "io/captured_output.hpp"
#include "web/guard.hpp"

namespace hearth::web {
namespace {

constexpr std::chrono::seconds most_patience{5};  // the daemon's start waits

std::string sha256_of(std::string_view text) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size());
  std::array<char, 2 * crypto_hash_sha256_BYTES + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
  return hex.data();
}

Result<std::string> read_credential(const ApproverSource& source) {
  std::string text;
  if (!source.file.empty()) {
    auto read = read_private(source.file, most_credential + 1);
    if (!read) return read;
    text = std::move(*read);
  } else if (!source.command.empty()) {
    auto printed = io::captured_output({.words = source.command, .environment = {}},
                                       2 * most_credential, most_patience);
    if (!printed) return printed;
    text = printed->substr(0, printed->find('\n'));
  } else {
    const char* const value = std::getenv(source.environment.c_str());
    if (value == nullptr)
      return fail(Errc::not_found, "hearthd has no variable " + source.environment);
    text = value;
  }
  while (text.ends_with('\n')) text.pop_back();
  if (text.size() < least_credential || text.size() > most_credential)
    return fail(Errc::invalid_args, "a credential has 32 to 512 characters");
  return text;
}

}  // namespace

Approvers::Approvers(const std::vector<ApproverSource>& sources, std::string_view token) {
  const std::string token_hash = sha256_of(token);
  for (const ApproverSource& source : sources) {
    Result<std::string> hash = source.sha256;
    if (source.sha256.empty()) {
      hash = read_credential(source);
      if (hash) hash = sha256_of(*hash);
    }
    if (hash && *hash == token_hash)
      hash = fail(Errc::conflict, "it is the token of every request");
    if (hash && std::ranges::find(known_, *hash, &Known::sha256) != known_.end())
      hash = fail(Errc::conflict, "it is somebody else's, too");
    if (hash) {
      known_.push_back({source.name, std::move(*hash)});
    } else {
      log::error("an approver is left out",
                 {log::kv("name", source.name), log::kv("why", hash.error().message)});
    }
  }
}

std::vector<std::string> Approvers::names() const {
  std::vector<std::string> all;
  for (const Known& each : known_) all.push_back(each.name);
  return all;
}

std::optional<std::string> Approvers::find(const Request& request) const {
  const std::string_view given = request.header(approver_header);
  if (given.size() < least_credential || given.size() > most_credential) return std::nullopt;
  const std::string hash = sha256_of(given);
  std::optional<std::string> name;
  for (const Known& each : known_) {
    if (sodium_memcmp(each.sha256.data(), hash.data(), hash.size()) == 0) name = each.name;
  }
  return name;
}

}  // namespace hearth::web
