// A binder for tests that look at tools: takes no notice of what else a pack declares.
#pragma once

#include "pack/pack.hpp"

namespace hearth::test {

class ToolsOnly : public pack::Binder {
 public:
  using pack::Binder::add;
  void add(pack::ResourceSpec, pack::ResourceHandler) override {}
  void add(pack::TemplateSpec, pack::ResourceHandler, pack::Completer) override {}
  void add(pack::PromptSpec, pack::PromptHandler, pack::Completer) override {}
};

}  // namespace hearth::test
