#include "storage/evidence/trust_file.hpp"

#include <toml++/toml.h>
#include <array>

#include "protocol/error.hpp"
#include "protocol/limits.hpp"

namespace farshore::storage {

namespace {

class TrustFileReader {
  public:
    explicit TrustFileReader(const std::string& name) : name_(name) {}

    [[nodiscard]] TrustSet read(std::string_view text) const {
        const toml::table table = parse(text);
        refuse_unknown(table, std::array<std::string_view, 2>{"stream", "agent"});
        TrustSet trust(read_name<StreamName>(table, "stream"));
        const toml::node* agents = table.get("agent");
        const toml::array* array = agents != nullptr ? agents->as_array() : nullptr;
        if (array == nullptr || array->empty()) {
            fail(table.source(), "agent", "one [[agent]] at least is needed");
        }
        for (const toml::node& node : *array) {
            const toml::table* agent = node.as_table();
            if (agent == nullptr) {
                fail(node.source(), "agent", "must be an array of tables: [[agent]]");
            }
            add(*agent, trust);
        }
        return trust;
    }

  private:
    [[nodiscard]] toml::table parse(std::string_view text) const {
        try {
            return toml::parse(text, name_);
        } catch (const toml::parse_error& error) {
            throw Error(ErrorCode::bad_config,
                        place(error.source()) + std::string(error.description()));
        }
    }

    [[nodiscard]] std::string place(const toml::source_region& region) const {
        return name_ + ":" + std::to_string(region.begin.line) + ": ";
    }

    [[noreturn]] void fail(const toml::source_region& region, std::string_view key,
                           std::string_view why) const {
        throw Error(ErrorCode::bad_config,
                    place(region) + std::string(key) + ": " + std::string(why));
    }

    template <std::size_t Count>
    void refuse_unknown(const toml::table& table,
                        const std::array<std::string_view, Count>& known) const {
        for (const auto& [key, node] : table) {
            if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
                fail(key.source(), key.str(), "unknown key");
            }
        }
    }

    [[nodiscard]] std::string read_string(const toml::table& table, std::string_view key) const {
        const toml::node* node = table.get(key);
        if (node == nullptr) {
            fail(table.source(), key, "missing");
        }
        if (!node->is_string()) {
            fail(node->source(), key, "must be a string");
        }
        return node->as_string()->get();
    }

    template <typename NameType>
    [[nodiscard]] NameType read_name(const toml::table& table, std::string_view key) const {
        const std::string text = read_string(table, key);
        if (!is_valid_name(text)) {
            fail(table.get(key)->source(), key, "must match [A-Za-z0-9][A-Za-z0-9._-]{0,62}");
        }
        return NameType(text);
    }

    [[nodiscard]] std::optional<Timestamp> read_time(const toml::table& table,
                                                     std::string_view key) const {
        if (!table.contains(key)) {
            return std::nullopt;
        }
        const std::optional<Timestamp> time = parse_rfc3339(read_string(table, key));
        if (!time) {
            fail(table.get(key)->source(), key, "must be a time as \"2026-11-22T00:00:00Z\"");
        }
        return time;
    }

    void add(const toml::table& table, TrustSet& trust) const {
        refuse_unknown(table,
                       std::array<std::string_view, 4>{"name", "key", "valid_from", "valid_until"});
        const std::optional<PublicKey> key = PublicKey::from_base64_text(read_string(table, "key"));
        if (!key) {
            fail(table.get("key")->source(), "key", "must be the base64 of 32 bytes");
        }
        try {
            trust.add({read_name<AgentName>(table, "name"), *key, read_time(table, "valid_from"),
                       read_time(table, "valid_until")});
        } catch (const Error& error) {
            if (error.message().starts_with(name_)) {
                throw;
            }
            throw Error(ErrorCode::bad_config, place(table.source()) + error.message());
        }
    }

    const std::string& name_;
};

}  // namespace

TrustSet parse_trust_file(std::string_view text, const std::string& name) {
    if (text.size() > limits::mib) {
        throw Error(ErrorCode::bad_config, name + ": too long to be a trust file");
    }
    return TrustFileReader(name).read(text);
}

std::string write_trust_file(const TrustSet& trust) {
    std::string text =
        "# Whose signatures count in this stream. A key that was rotated stays listed.\n";
    text += "stream = \"" + trust.stream().str() + "\"\n";
    for (const TrustedKey& key : trust.keys()) {
        text +=
            "\n[[agent]]\nname = \"" + key.agent.str() + "\"\nkey = \"" + key.key.base64() + "\"\n";
        if (key.valid_from) {
            text += "valid_from = \"" + to_rfc3339(*key.valid_from) + "\"\n";
        }
        if (key.valid_until) {
            text += "valid_until = \"" + to_rfc3339(*key.valid_until) + "\"\n";
        }
    }
    return text;
}

}  // namespace farshore::storage
