#include "daemon/mailbox.hpp"

#include <utility>

namespace hearth::daemon {

bool Mailbox::post(Command command) {
  {
    auto waiting = waiting_.lock();
    if (waiting->size() >= capacity && command.kind != CommandKind::stop_now) return false;
    waiting->push_back(std::move(command));
  }
  loop_.post([this] { deliver(); });
  return true;
}

void Mailbox::deliver() {
  Command command;
  {
    auto waiting = waiting_.lock();
    if (waiting->empty()) return;
    command = std::move(waiting->front());
    waiting->pop_front();
  }
  handler_(command);
}

}  // namespace hearth::daemon
