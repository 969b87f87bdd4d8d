// What init, actors and attachments take and give.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "packs/issues/common_wire.hpp"

namespace hearth::packs::issues::wire {

struct InitRequest {
  bool no_agents_md = false;
};
BOOST_DESCRIBE_STRUCT(InitRequest, (), (no_agents_md))
json::Notes notes(const InitRequest*);

struct InitAnswer {
  std::string actor_id;
  std::string data_dir;
  std::string repo_config;
  std::string action;
  std::optional<std::string> agents_md_path;
  std::string agents_md_action;
  std::optional<std::string> agents_md_reason;
};
BOOST_DESCRIBE_STRUCT(
    InitAnswer,
    (),
    (actor_id, data_dir, repo_config, action, agents_md_path, agents_md_action, agents_md_reason))
json::Notes notes(const InitAnswer*);

struct ActorCreateRequest {
  std::optional<std::string> label;
  bool key = false;
};
BOOST_DESCRIBE_STRUCT(ActorCreateRequest, (), (label, key))
json::Notes notes(const ActorCreateRequest*);

struct ActorUseRequest {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(ActorUseRequest, (), (id))
json::Notes notes(const ActorUseRequest*);

struct ActorAnswer {
  std::string actor_id;
  std::string label;
  std::int64_t created_ts = 0;
  bool is_default = false;
  std::optional<std::string> public_key;
};
BOOST_DESCRIBE_STRUCT(ActorAnswer, (), (actor_id, label, created_ts, is_default, public_key))
json::Notes notes(const ActorAnswer*);

struct ActorsRequest {};
BOOST_DESCRIBE_STRUCT(ActorsRequest, (), ())
json::Notes notes(const ActorsRequest*);

struct ActorsAnswer {
  std::vector<ActorAnswer> actors;
};
BOOST_DESCRIBE_STRUCT(ActorsAnswer, (), (actors))
json::Notes notes(const ActorsAnswer*);

struct AttachRequest {
  std::string id;
  std::string path;
  std::optional<std::string> name;
  std::string mime = "application/octet-stream";
  std::optional<std::string> actor;
  std::optional<std::string> key;
};
BOOST_DESCRIBE_STRUCT(AttachRequest, (), (id, path, name, mime, actor, key))
json::Notes notes(const AttachRequest*);

struct AttachAnswer {
  std::string issue_id;
  std::string event_id;
  std::string name;
  std::string sha256;
  std::int64_t bytes = 0;
  std::string wal_head;
};
BOOST_DESCRIBE_STRUCT(AttachAnswer, (), (issue_id, event_id, name, sha256, bytes, wal_head))
json::Notes notes(const AttachAnswer*);

struct DetachRequest {
  std::string id;
  std::string name;
  std::string to;
  bool overwrite = false;
};
BOOST_DESCRIBE_STRUCT(DetachRequest, (), (id, name, to, overwrite))
json::Notes notes(const DetachRequest*);

struct DetachAnswer {
  std::string path;
  std::string sha256;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(DetachAnswer, (), (path, sha256, bytes))
json::Notes notes(const DetachAnswer*);

}  // namespace hearth::packs::issues::wire
