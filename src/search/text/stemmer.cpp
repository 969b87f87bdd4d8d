#include "search/text/stemmer.hpp"

#include <libstemmer.h>

#include <new>

namespace hearth::search::text {

void Stemmer::Delete::operator()(sb_stemmer* stemmer) const {
  sb_stemmer_delete(stemmer);
}

Stemmer::Stemmer(Stemming stemming) {
  if (stemming == Stemming::none) return;
  snowball_.reset(sb_stemmer_new("english", "UTF_8"));
  if (!snowball_) throw std::bad_alloc();
}

std::string_view Stemmer::stem_of(const Token& token) const {
  if (!snowball_ || token.kind != TokenKind::word) return token.term;
  const auto* stem =
      sb_stemmer_stem(snowball_.get(), reinterpret_cast<const sb_symbol*>(token.term.data()),
                      static_cast<int>(token.term.size()));
  if (stem == nullptr) throw std::bad_alloc();
  return {reinterpret_cast<const char*>(stem),
          static_cast<std::size_t>(sb_stemmer_length(snowball_.get()))};
}

}  // namespace hearth::search::text
