#include "packs/sql/duckdb/process.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <memory>

#include "packs/sql/duckdb/memory.hpp"
#include "packs/sql/duckdb/worker.hpp"

namespace hearth::packs::sql::duckdb {
namespace {

constexpr int control_socket = 0;

struct Packet {
  std::string bytes;
  UniqueFd socket;  // that came along
};

// Nothing at the end of the daemon.
std::optional<Packet> receive_packet() {
  Packet packet{std::string(most_control_bytes, '\0'), UniqueFd()};
  iovec buffer{packet.bytes.data(), packet.bytes.size()};
  alignas(cmsghdr) char ancillary[CMSG_SPACE(sizeof(int))];
  msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = ancillary;
  message.msg_controllen = sizeof ancillary;
  ssize_t size = 0;
  do {
    size = ::recvmsg(control_socket, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) return std::nullopt;
  packet.bytes.resize(static_cast<std::size_t>(size));
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    packet.socket.reset(fd);
  }
  return packet;
}

class Process final {
 public:
  explicit Process(Report report) : report_(std::move(report)) {}

  int serve() {
    tell();
    while (auto packet = receive_packet()) {
      auto control = decode_control(packet->bytes);
      if (!control) return 70;  // not the same build: nothing can be right
      handle(std::move(*control), std::move(packet->socket));
    }
    // What was answered is on disk, and nobody waits for the rest.
    return 0;
  }

 private:
  using Workers = std::map<std::uint64_t, std::shared_ptr<Worker>>;

  void tell() const {
    const std::string bytes = encode(report_);
    (void)::send(control_socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }

  void handle(Control control, UniqueFd socket) {
    switch (control.kind) {
      case ControlKind::open:
        return open(std::move(control), std::move(socket));
      case ControlKind::interrupt:
        if (const auto worker = find(control.connection)) worker->interrupt(control.request);
        return;
      case ControlKind::ask_progress:
        if (const auto worker = find(control.connection)) worker->tell_progress();
        return;
      case ControlKind::drop:
        return instances_.drop(control.home.path);
      case ControlKind::ping:
        return tell();
    }
  }

  void open(Control control, UniqueFd socket) {
    if (!socket.valid()) return;
    const std::uint64_t id = control.connection;
    auto worker = std::make_shared<Worker>(instances_, std::move(control), std::move(socket));
    (*workers_.lock())[id] = worker;
    // Detached: it ends with its socket, and all end with the process.
    std::thread([this, id, worker = std::move(worker)] {
      worker->run();
      workers_.lock()->erase(id);
    }).detach();
  }

  std::shared_ptr<Worker> find(std::uint64_t id) {
    const auto workers = workers_.lock();
    const auto found = workers->find(id);
    return found == workers->end() ? nullptr : found->second;
  }

  const Report report_;
  Spawner spawner_;
  Instances instances_{spawner_};
  Guarded<Workers> workers_;
};

}  // namespace

int run_engine_process() {
  ::prctl(PR_SET_NAME, "hearth-duckdb");
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::signal(SIGPIPE, SIG_IGN);
  bound_heaps();
  Report report{.version = {}, .problem = {}, .notes = confinement_notes()};
  auto version = load_api();
  if (version) {
    report.version = std::move(*version);
  } else {
    report.problem = version.error().message;
  }
  // Never destroyed: its threads use it until the process ends, and closing databases takes time
  // that their logs make unnecessary.
  auto* process = new Process(std::move(report));
  ::_exit(process->serve());
}

}  // namespace hearth::packs::sql::duckdb
