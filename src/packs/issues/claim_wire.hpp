// What claims and locks take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"

namespace hearth::packs::issues::wire {

struct ClaimRequest {
  std::optional<std::string> id;
  std::optional<std::string> resource;
  std::int64_t ttl = 900;
  bool assign = true;
  std::optional<std::string> remote;
  bool local = false;
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(ClaimRequest, (), (id, resource, ttl, assign, remote, local, actor, key))
json::Notes notes(const ClaimRequest*);

struct RenewRequest {
  std::optional<std::string> id;
  std::optional<std::string> resource;
  std::int64_t ttl = 900;
  std::optional<std::string> nonce;
  std::optional<std::string> remote;
  bool local = false;
  std::optional<std::string> actor;
};
BOOST_DESCRIBE_STRUCT(RenewRequest, (), (id, resource, ttl, nonce, remote, local, actor))
json::Notes notes(const RenewRequest*);

struct ReleaseRequest {
  std::optional<std::string> id;
  std::optional<std::string> resource;
  std::optional<std::string> nonce;
  std::optional<std::string> remote;
  bool local = false;
  std::optional<std::string> actor;
};
BOOST_DESCRIBE_STRUCT(ReleaseRequest, (), (id, resource, nonce, remote, local, actor))
json::Notes notes(const ReleaseRequest*);

struct LockAnswer {
  std::string resource;
  std::optional<std::string> issue_id;
  std::string owner;
  std::optional<std::string> owner_label;
  std::string nonce;
  std::int64_t expires_unix_ms = 0;
  std::optional<std::int64_t> ttl_seconds;
  bool released = false;
  bool arbitrated = false;
  std::optional<std::string> not_assigned;
};
BOOST_DESCRIBE_STRUCT(LockAnswer,
                      (),
                      (resource,
                       issue_id,
                       owner,
                       owner_label,
                       nonce,
                       expires_unix_ms,
                       ttl_seconds,
                       released,
                       arbitrated,
                       not_assigned))
json::Notes notes(const LockAnswer*);

struct LocksRequest {
  bool all = false;
};
BOOST_DESCRIBE_STRUCT(LocksRequest, (), (all))
json::Notes notes(const LocksRequest*);

struct ListedLock {
  std::string resource;
  std::string owner;
  std::optional<std::string> owner_label;
  std::int64_t expires_unix_ms = 0;
  bool live = false;
};
BOOST_DESCRIBE_STRUCT(ListedLock, (), (resource, owner, owner_label, expires_unix_ms, live))
json::Notes notes(const ListedLock*);

struct LocksAnswer {
  std::vector<ListedLock> locks;
  std::int64_t total = 0;
};
BOOST_DESCRIBE_STRUCT(LocksAnswer, (), (locks, total))
json::Notes notes(const LocksAnswer*);

}  // namespace hearth::packs::issues::wire
