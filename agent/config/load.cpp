#include "agent/config/load.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <filesystem>

#include "agent/config/consistency.hpp"
#include "agent/config/section.hpp"
#include "protocol/error.hpp"

namespace farshore::config {

namespace {

// The tables of the file by name; complains about what is not in the option table.
class Document {
  public:
    Document(const toml::table& root, const std::string& file) : root_(root), file_(file) {
        for (const auto& [key, node] : root_) {
            const std::string name(key.str());
            const OptionGroup* group = find_group(name);
            const std::uint32_t line = key.source().begin.line;
            if (group == nullptr) {
                complain(file_, line, name, "unknown key");
            }
            if (group->repeats && !node.is_array_of_tables()) {
                complain(file_, line, name, fmt::format("must be [[{}]], once for each", name));
            }
            if (!group->repeats && !node.is_table()) {
                complain(file_, line, name, fmt::format("must be a table: [{}]", name));
            }
        }
    }

    [[nodiscard]] Section one(std::string_view name) const {
        return {file_, name, root_.get_as<toml::table>(name)};
    }
    [[nodiscard]] std::vector<Section> each(std::string_view name) const {
        std::vector<Section> sections;
        if (const auto* array = root_.get_as<toml::array>(name)) {
            for (const toml::node& item : *array) {
                sections.emplace_back(file_, name, item.as_table());
            }
        }
        return sections;
    }
    [[noreturn]] void fail(const Objection& objection) const {
        const std::vector<Section> sections = each(objection.table);
        if (objection.index < sections.size()) {
            sections[objection.index].fail(objection.key, objection.message);
        }
        one(objection.table).fail(objection.key, objection.message);
    }

  private:
    const toml::table& root_;
    const std::string& file_;
};

Agent read_agent(const Section& section) {
    Agent agent;
    agent.stream = StreamName(section.text("stream"));
    agent.name = AgentName(section.text("name"));
    agent.role = section.text("role") == "primary" ? Role::primary : Role::secondary;
    agent.state = section.path("state");
    agent.socket = section.path("socket");
    agent.listen = section.text("listen");
    return agent;
}

Store read_store(const Section& section, const std::string& file) {
    Store store;
    store.url = section.text("url");
    if (store.url.starts_with("file:")) {
        store.url = "file:" + resolve_beside(file, store.url.substr(5));
    }
    store.region = section.text("region");
    store.endpoint = section.text("endpoint");
    store.path_style = section.boolean("path_style");
    store.ca = section.path("ca");
    store.object_lock = section.text("object_lock");
    store.encryption = section.text("encryption");
    store.upload_interval = section.duration("upload_interval");
    return store;
}

Tree read_tree(const Section& section) {
    Tree tree;
    tree.name = SourceName(section.text("name"));
    tree.path = section.path("path");
    tree.exclude = section.list("exclude");
    tree.append_only = section.list("append_only");
    tree.unstable_after = section.duration("unstable_after");
    tree.reread_share = static_cast<double>(section.integer("reread_share")) / 100;
    tree.delete_guard = section.delete_guard("delete_guard");
    tree.sweep_interval = section.duration("sweep_interval");
    tree.scrub_interval = section.duration("scrub_interval");
    tree.keep_deleted = section.duration("keep_deleted");
    tree.keep_replaced = section.boolean("keep_replaced");
    tree.keep_limit_bytes = section.size("keep_limit").value_or(0);
    tree.adopt = section.boolean("adopt");
    return tree;
}

Database read_database(const Section& section) {
    Database database;
    database.name = SourceName(section.text("name"));
    database.connection = section.text("connection");
    database.schemas = section.list("schemas");
    database.exclude_tables = section.list("exclude_tables");
    const std::string conflict = section.text("conflict");
    database.conflict = conflict == "stop"        ? ConflictPolicy::stop
                        : conflict == "overwrite" ? ConflictPolicy::overwrite
                                                  : ConflictPolicy::quarantine;
    database.slot_limit_bytes = section.size("slot_limit").value_or(0);
    database.slot_memory_bytes = section.size("slot_memory").value_or(database.slot_memory_bytes);
    database.ordering =
        section.text("ordering") == "eager" ? RowOrdering::eager : RowOrdering::with_cuts;
    database.recopy = section.text("recopy") == "manual" ? Recopy::manual : Recopy::automatic;
    database.adopt = section.boolean("adopt");
    return database;
}

Replication read_replication(const Section& section) {
    Replication replication;
    replication.mark_interval = section.duration("mark_interval");
    replication.min_cut_interval = section.duration("min_cut_interval");
    replication.bulk_lanes = static_cast<int>(section.integer("bulk_lanes"));
    replication.compression = section.text("compression");
    replication.bandwidth_limit_bytes = section.size("bandwidth_limit").value_or(0);
    replication.memory_limit_bytes = section.size("memory_limit").value_or(0);
    replication.spool_limit_bytes = section.size("spool_limit").value_or(0);
    return replication;
}

Config read_document(const Document& document, const std::string& file) {
    Config config;
    config.file = file;
    config.agent = read_agent(document.one("agent"));
    for (const Section& section : document.each("peer")) {
        config.peers.push_back({AgentName(section.text("name")), section.text("address")});
    }
    const Section tls = document.one("tls");
    config.tls = {tls.path("ca"), tls.path("certificate"), tls.path("key")};
    const Section signing = document.one("signing");
    config.signing = {signing.path("key"), signing.path("trust")};
    config.store = read_store(document.one("store"), file);
    for (const Section& section : document.each("tree")) {
        config.trees.push_back(read_tree(section));
    }
    for (const Section& section : document.each("database")) {
        config.databases.push_back(read_database(section));
    }
    config.replication = read_replication(document.one("replication"));
    config.objective_rpo = document.one("objective").duration("rpo");
    const Section hooks = document.one("hooks");
    config.hooks = {hooks.list("on_promote"), hooks.list("on_fence")};
    return config;
}

// Symbolic links on the way to our own files are the operator's; the door itself follows none.
std::filesystem::path real_path(const std::string& path, ErrorCode code) {
    std::error_code failure;
    auto real = std::filesystem::canonical(path, failure);
    if (failure) {
        throw Error(code, fmt::format("cannot open {}: {}", path, failure.message()));
    }
    return real;
}

std::string content_of(storage::FileSystem& files, const std::string& path) {
    constexpr std::uint64_t most_bytes = 1U << 20;
    const auto real = real_path(path, ErrorCode::not_found);
    const storage::Handle folder = files.open_root(real.parent_path().string());
    const storage::Handle file = files.open_file(folder, real.filename().string());
    const std::uint64_t size = files.status(file).size;
    if (size > most_bytes) {
        throw Error(ErrorCode::too_large, fmt::format("cannot read {}: over 1 MiB", path));
    }
    std::string content(size, '\0');
    content.resize(files.read_at(file, 0, std::as_writable_bytes(std::span(content))));
    return content;
}

}  // namespace

Config parse(std::string_view text, const std::string& file) {
    toml::table root;
    try {
        root = toml::parse(text, file);
    } catch (const toml::parse_error& error) {
        complain(file, error.source().begin.line, "TOML", std::string(error.description()));
    }
    const Document document(root, file);
    Config config = read_document(document, file);
    if (const auto objection = find_objection(config)) {
        document.fail(*objection);
    }
    return config;
}

void check_key_file(storage::FileSystem& files, const std::string& path) {
    const auto real = real_path(path, ErrorCode::bad_key);
    try {
        const storage::Handle folder = files.open_root(real.parent_path().string());
        const storage::Handle file = files.open_file(folder, real.filename().string());
        const storage::FileStatus status = files.status(file);
        const bool own = status.uid == ::geteuid();
        const std::uint32_t allowed = own && status.uid != 0 ? 0700U : 0740U;
        if (!own && status.uid != 0) {
            throw Error(ErrorCode::bad_key,
                        fmt::format("{} belongs to user {}: not this agent's", path, status.uid));
        }
        if ((status.mode & 0777U & ~allowed) != 0) {
            throw Error(ErrorCode::bad_key,
                        fmt::format("{} has mode {:04o}: others can read it", path, status.mode));
        }
    } catch (const Error& error) {
        throw Error(ErrorCode::bad_key, error.message());
    }
}

std::string read_small_file(storage::FileSystem& files, const std::string& path) {
    try {
        return content_of(files, path);
    } catch (const Error& error) {
        // Whatever is wrong with it, it is what somebody named in a config or a command.
        const std::string& what = error.message();
        const bool named = what.find(path) != std::string::npos;
        throw Error(ErrorCode::bad_config, named ? what : fmt::format("{}: {}", path, what));
    }
}

Config load(storage::FileSystem& files, const std::string& file) {
    const std::string absolute = std::filesystem::absolute(file).lexically_normal().string();
    std::string text;
    try {
        text = read_small_file(files, absolute);
    } catch (const Error& error) {
        throw Error(ErrorCode::bad_config, error.message());
    }
    Config config = parse(text, absolute);
    check_key_file(files, config.tls.key);
    check_key_file(files, config.signing.key);
    return config;
}

}  // namespace farshore::config
