#pragma once
// SHA-256 of what grows: the digest so far, and on with it.

#include <memory>
#include <string_view>

#include "protocol/digest.hpp"

namespace farshore {

class RunningSha256 {
  public:
    RunningSha256();
    ~RunningSha256();
    RunningSha256(RunningSha256&&) noexcept;
    RunningSha256& operator=(RunningSha256&&) noexcept;

    void update(std::string_view data);
    [[nodiscard]] Digest so_far() const;

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace farshore
