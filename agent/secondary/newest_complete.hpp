#pragma once
// The newest complete mark that was received, for the figures over complete marks. Pure.

#include <optional>
#include <string>

#include "protocol/lag.hpp"

namespace farshore::secondary {

class NewestComplete {
  public:
    // `boot`: of the primary, of which the times since boot in it are.
    void take(const MarkMoments& moments, const std::string& boot) {
        newest_ = moments;
        boot_ = boot;
    }
    // For an offset that speaks of `boot`: of another one no time since boot means anything.
    [[nodiscard]] std::optional<MarkMoments> at(const std::string& boot) const {
        std::optional<MarkMoments> moments = newest_;
        if (moments && boot != boot_) {
            moments->taken.boot.reset();
            for (auto& [source, moment] : moments->as_of) {
                moment.boot.reset();
            }
        }
        return moments;
    }

  private:
    std::optional<MarkMoments> newest_;
    std::string boot_;
};

}  // namespace farshore::secondary
