// What a tool, a resource or a prompt answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hearth::pack {

// What an answer may take up on the wire: with more, its caller gets an error instead. A pack pages
// its results, or says what to ask for.
inline constexpr std::size_t most_answer_bytes = (std::size_t{8} << 20) - (std::size_t{64} << 10);

enum class ContentKind : std::uint8_t { text, image, audio, link, resource };

// One piece of an answer: MCP's ContentBlock, and the contents of a resource.
struct Content {
  ContentKind kind = ContentKind::text;
  std::string text;       // of a text or a text resource
  std::string bytes;      // of an image, a recording or a binary resource; base64 only on the wire
  std::string mime_type;  // "image/png"; may be empty for text
  std::string uri;        // of a link or a resource
  std::string name;       // of a link
  std::string role = "user";  // who says it, in a prompt: "user" or "assistant"
};

[[nodiscard]] inline Content text_content(std::string text) {
  Content content;
  content.text = std::move(text);
  return content;
}

enum class QuestionKind : std::uint8_t {
  elicit,      // of the person, by a form or a page: MCP elicitation/create
  sample,      // of the client's model: sampling/createMessage
  list_roots,  // of the client: roots/list
};

// Something only the caller can answer. `params` is the JSON text of the MCP request's params.
struct Question {
  QuestionKind kind = QuestionKind::elicit;
  std::string params = "{}";
};

// A call that needs answers first: it is made again with them (Call::answers) and with `state`,
// which holds whatever else it needs to go on, and comes back unchanged. The same in both eras of
// the protocol: the older clients are asked while the call waits, the newer ones repeat it.
struct Questions {
  std::map<std::string, Question> ask;  // by a name of the pack's choice; may be empty
  std::string state;
};

// `structured` is the JSON text of an object that follows the tool's output schema; clients that
// read text only get the same JSON as text unless `content` says it better. A resource answers with
// contents of that kind, a prompt with one content for each message.
struct Reply {
  std::string structured;
  std::vector<Content> content;
  std::string description;             // of a prompt
  std::optional<Questions> questions;  // then nothing else counts
  bool replayed = false;               // it was stored under the call's key
};

}  // namespace hearth::pack
