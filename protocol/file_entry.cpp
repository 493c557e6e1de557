#include "protocol/file_entry.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "protocol/base64.hpp"
#include "protocol/json.hpp"
#include "protocol/json_members.hpp"
#include "protocol/limits.hpp"

namespace farshore {

namespace {

constexpr std::array<std::string_view, 8> type_names{"",     "file",   "directory", "symlink",
                                                     "fifo", "socket", "device",    "deleted"};

constexpr std::uint32_t nanoseconds_limit = 1'000'000'000;
constexpr std::uint32_t mode_bits = 07777;

[[noreturn]] void fail(const std::string& why) {
    throw Error(ErrorCode::malformed, "file entry: " + why);
}

std::string_view type_name(EntryType type) {
    return type_names[static_cast<std::size_t>(type)];
}

// --- what both forms must hold

void check_xattrs(const FileEntry& entry) {
    std::size_t total = 0;
    for (const auto& [name, value] : entry.xattrs) {
        if (name.empty() || name.size() > limits::xattr_name ||
            name.find('\0') != std::string::npos || value.size() > limits::xattr_value) {
            fail("an xattr's name or value is over its limit or not one");
        }
        total += name.size() + value.size();
    }
    if (total > limits::xattrs_total) {
        fail("the xattrs are over their limit together");
    }
}

// A path as a message can show it: whoever sent it chose the bytes.
std::string shown(std::string_view path) {
    constexpr std::size_t most_shown = 200;
    std::string text;
    for (const char c : path.substr(0, most_shown)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '\\') {
            text += c;
        } else {
            constexpr const char* digits = "0123456789abcdef";
            text += {'\\', 'x', digits[byte >> 4U], digits[byte & 0xfU]};
        }
    }
    return "\"" + text + (path.size() > most_shown ? "\"..." : "\"");
}

// What has come from outside is held to the invariants of FileEntry here.
void check(const FileEntry& entry) {
    if (!is_safe_path(entry.path)) {
        throw Error(ErrorCode::unsafe_path, "file entry: the path " + shown(entry.path) +
                                                " is absolute, leaves the tree or is ours");
    }
    if (entry.path == "." && entry.type != EntryType::directory) {
        fail("the root is not a directory");
    }
    if (entry.mtime.nanoseconds >= nanoseconds_limit) {
        fail("a second has fewer nanoseconds");
    }
    if (entry.mode > mode_bits || (entry.type == EntryType::symlink && entry.mode != 0)) {
        fail("a mode that is not one");
    }
    if (entry.type == EntryType::symlink &&
        (entry.target.empty() || entry.target.size() > limits::symlink_target ||
         entry.target.find('\0') != std::string::npos)) {
        fail("a symlink's target that can't be one");
    }
    if (entry.link.size() > limits::path || !is_valid_utf8(entry.link)) {
        fail("a hard link's group that is not a text");
    }
    check_xattrs(entry);
}

// --- JSON

void append_member(std::string& out, std::string_view name) {
    out.push_back(out.back() == '{' ? '"' : ',');
    if (out.back() == ',') {
        out.push_back('"');
    }
    out += name;
    out += "\":";
}

// `name` or, when the bytes are not UTF-8, `name`_base64.
void append_bytes_member(std::string& out, std::string_view name, std::string_view bytes) {
    if (is_valid_utf8(bytes)) {
        append_member(out, name);
        append_json_string(out, bytes);
    } else {
        append_member(out, std::string(name) + "_base64");
        append_json_string(out, to_base64(bytes));
    }
}

std::string octal_mode(std::uint32_t mode) {
    std::string text = "0000";
    for (std::size_t i = 0; i < 4; ++i) {
        text[3 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7U));
    }
    return text;
}

std::string device_text(DeviceNumber device) {
    return std::string(device.block ? "b " : "c ") + std::to_string(device.major) + ":" +
           std::to_string(device.minor);
}

void append_xattrs(std::string& out, const FileEntry& entry) {
    boost::json::object plain;
    boost::json::object encoded;
    for (const auto& [name, value] : entry.xattrs) {
        if (is_valid_utf8(name)) {
            plain.emplace(name, to_base64(value));
        } else {
            encoded.emplace(to_base64(name), to_base64(value));
        }
    }
    if (!plain.empty()) {
        append_member(out, "xattrs");
        out += to_canonical_json(plain);
    }
    if (!encoded.empty()) {
        append_member(out, "xattrs_base64");
        out += to_canonical_json(encoded);
    }
}

// The members stand in the order of RFC 8785, which for these names is that of their bytes.
std::string to_json(const FileEntry& entry, bool with_mark) {
    const bool is_deleted = entry.type == EntryType::deleted;
    std::string out = "{";
    if (entry.type == EntryType::device) {
        append_member(out, "device");
        append_json_string(out, device_text(entry.device));
    }
    if (!is_deleted) {
        append_member(out, "gid");
        append_json_integer(out, entry.gid);
    }
    if (!is_deleted && !entry.link.empty()) {
        append_member(out, "link");
        append_json_string(out, entry.link);
    }
    if (with_mark) {
        append_member(out, "mark");
        append_json_integer(out, entry.mark.value());
    }
    if (!is_deleted && entry.type != EntryType::symlink) {
        append_member(out, "mode");
        append_json_string(out, octal_mode(entry.mode));
    }
    if (!is_deleted) {
        append_member(out, "mtime");
        append_json_string(out, to_evidence_text(entry.mtime));
    }
    append_bytes_member(out, "path", entry.path);
    if (entry.type == EntryType::file) {
        FARSHORE_ASSERT(entry.sha256.has_value());
        append_member(out, "sha256");
        append_json_string(out, entry.sha256->hex());
        append_member(out, "size");
        append_json_integer(out, entry.size);
    }
    if (entry.type == EntryType::symlink) {
        append_bytes_member(out, "target", entry.target);
    }
    append_member(out, "type");
    append_json_string(out, type_name(entry.type));
    if (!is_deleted) {
        append_member(out, "uid");
        append_json_integer(out, entry.uid);
        append_xattrs(out, entry);
    }
    out.push_back('}');
    return out;
}

std::string read_base64(JsonMembers& members, std::string_view name) {
    const std::optional<std::string> bytes = from_base64(members.string(name));
    if (!bytes) {
        members.fail(name, "is not base64");
    }
    return *bytes;
}

std::string read_bytes_member(JsonMembers& members, std::string_view name) {
    const std::string encoded_name = std::string(name) + "_base64";
    if (const boost::json::value* plain = members.if_there(name); plain != nullptr) {
        if (!plain->is_string()) {
            members.fail(name, "is not a string");
        }
        return {plain->get_string().data(), plain->get_string().size()};
    }
    std::string bytes = read_base64(members, encoded_name);
    if (is_valid_utf8(bytes)) {
        members.fail(name, "is in base64 without need");
    }
    return bytes;
}

EntryType read_type(JsonMembers& members) {
    const std::string name = members.string("type");
    for (std::size_t i = 1; i < type_names.size(); ++i) {
        if (type_names[i] == name) {
            return static_cast<EntryType>(i);
        }
    }
    members.fail("type", "is not a type of entry");
}

std::uint32_t read_u32(JsonMembers& members, std::string_view name) {
    const std::uint64_t value = members.integer(name);
    if (value > UINT32_MAX) {
        members.fail(name, "is over its limit");
    }
    return static_cast<std::uint32_t>(value);
}

std::uint32_t read_mode(JsonMembers& members) {
    const std::string text = members.string("mode");
    std::uint32_t mode = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
    if (text.size() != 4 || error != std::errc{} || end != text.data() + 4) {
        members.fail("mode", "is not four octal digits");
    }
    return mode;
}

DeviceNumber read_device(JsonMembers& members) {
    const std::string text = members.string("device");
    DeviceNumber device;
    device.block = text.starts_with("b ");
    const std::size_t colon = text.find(':');
    if (text.size() > 2 && colon != std::string::npos) {
        std::from_chars(text.data() + 2, text.data() + colon, device.major);
        std::from_chars(text.data() + colon + 1, text.data() + text.size(), device.minor);
    }
    if (device_text(device) != text) {
        members.fail("device", "is not a device's number");
    }
    return device;
}

void read_xattrs(JsonMembers& members, std::string_view member, bool encoded, FileEntry& entry) {
    const boost::json::value* value = members.if_there(member);
    if (value == nullptr) {
        return;
    }
    JsonMembers attributes("file entry's " + std::string(member), *value);
    for (const auto& [key, unused] : value->get_object()) {
        const std::string_view key_text(key.data(), key.size());
        const std::string content = read_base64(attributes, key_text);
        const std::optional<std::string> name =
            encoded ? from_base64(key_text) : std::string(key_text);
        if (!name || (encoded && is_valid_utf8(*name))) {
            members.fail(member, "has a name that is not base64, or is without need");
        }
        entry.xattrs.emplace(*name, content);
    }
    if (value->get_object().empty()) {
        members.fail(member, "is empty: it is left out then");
    }
}

FileEntry read_json_entry(JsonMembers& members) {
    FileEntry entry;
    entry.path = read_bytes_member(members, "path");
    entry.type = read_type(members);
    entry.mark = MarkNumber(members.integer("mark"));
    if (entry.type == EntryType::deleted) {
        return entry;
    }
    entry.uid = read_u32(members, "uid");
    entry.gid = read_u32(members, "gid");
    const std::optional<FileTime> mtime = parse_evidence_text(members.string("mtime"));
    if (!mtime) {
        members.fail("mtime", "is not a time");
    }
    entry.mtime = *mtime;
    if (entry.type == EntryType::symlink) {
        entry.target = read_bytes_member(members, "target");
    } else {
        entry.mode = read_mode(members);
    }
    if (entry.type == EntryType::file) {
        entry.size = members.integer("size");
        entry.sha256 = Digest::from_hex(members.string("sha256"));
        if (!entry.sha256) {
            members.fail("sha256", "is not 64 lower-case hexadecimal digits");
        }
    }
    if (entry.type == EntryType::device) {
        entry.device = read_device(members);
    }
    if (const boost::json::value* link = members.if_there("link"); link != nullptr) {
        if (!link->is_string() || link->get_string().empty()) {
            members.fail("link", "is not a text");
        }
        entry.link.assign(link->get_string().data(), link->get_string().size());
    }
    read_xattrs(members, "xattrs", false, entry);
    read_xattrs(members, "xattrs_base64", true, entry);
    return entry;
}

// --- binary

void encode_xattrs(const FileEntry& entry, ByteWriter& out) {
    out.u32(static_cast<std::uint32_t>(entry.xattrs.size()));
    for (const auto& [name, value] : entry.xattrs) {
        out.bytes(name).bytes(value);
    }
}

void decode_xattrs(ByteReader& in, FileEntry& entry) {
    const std::uint32_t count = in.count(8);
    for (std::uint32_t i = 0; i < count; ++i) {
        std::string name(in.bytes(limits::xattr_name));
        if (!entry.xattrs.empty() && name <= entry.xattrs.rbegin()->first) {
            fail("the xattrs are not in the order of their names");
        }
        entry.xattrs.emplace_hint(entry.xattrs.end(), std::move(name),
                                  in.bytes(limits::xattr_value));
    }
}

void decode_content(ByteReader& in, FileEntry& entry) {
    entry.uid = in.u32();
    entry.gid = in.u32();
    entry.mtime.seconds = in.i64();
    entry.mtime.nanoseconds = in.u32();
    if (entry.type == EntryType::symlink) {
        entry.target = in.bytes(limits::symlink_target);
    } else {
        entry.mode = in.u32();
    }
    if (entry.type == EntryType::file) {
        entry.size = in.u64();
        Digest digest;
        const std::string_view bytes = in.raw(digest.bytes.size());
        std::copy(bytes.begin(), bytes.end(), digest.bytes.begin());
        entry.sha256 = digest;
    }
    if (entry.type == EntryType::device) {
        entry.device.block = in.boolean();
        entry.device.major = in.u32();
        entry.device.minor = in.u32();
    }
    entry.link = in.bytes(limits::path);
    decode_xattrs(in, entry);
}

}  // namespace

bool is_safe_path(std::string_view path) {
    if (path == ".") {
        return true;
    }
    if (path.empty() || path.size() > limits::path || path.find('\0') != std::string_view::npos) {
        return false;
    }
    bool first = true;
    while (true) {
        const std::size_t slash = path.find('/');
        const std::string_view component = path.substr(0, slash);
        if (component.empty() || component == "." || component == ".." ||
            component.size() > limits::path_component || (first && component == ".farshore")) {
            return false;
        }
        if (slash == std::string_view::npos) {
            return true;
        }
        path.remove_prefix(slash + 1);
        first = false;
    }
}

std::string read_safe_path(ByteReader& in) {
    const std::string_view path = in.bytes(limits::path);
    if (!is_safe_path(path)) {
        throw Error(ErrorCode::unsafe_path,
                    "content of the path " + shown(path) + ", which leaves its tree");
    }
    return std::string(path);
}

std::string_view parent_path(std::string_view path) {
    FARSHORE_ASSERT(path != ".");
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? "." : path.substr(0, slash);
}

// path, type (u8), mark (u64); then, unless deleted: uid, gid (u32), mtime (i64, u32), the target
// of a symlink or else the mode (u32), a file's size (u64) and SHA-256 (32 bytes), a device's kind
// (u8), major and minor (u32), link, and the xattrs in the order of their names.
void encode(const FileEntry& entry, ByteWriter& out) {
    out.bytes(entry.path).u8(static_cast<std::uint8_t>(entry.type)).u64(entry.mark.value());
    if (entry.type == EntryType::deleted) {
        return;
    }
    out.u32(entry.uid).u32(entry.gid);
    out.i64(entry.mtime.seconds).u32(entry.mtime.nanoseconds);
    if (entry.type == EntryType::symlink) {
        out.bytes(entry.target);
    } else {
        out.u32(entry.mode);
    }
    if (entry.type == EntryType::file) {
        FARSHORE_ASSERT(entry.sha256.has_value());
        const auto& digest = entry.sha256->bytes;
        out.u64(entry.size)
            .raw(std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
    }
    if (entry.type == EntryType::device) {
        out.boolean(entry.device.block).u32(entry.device.major).u32(entry.device.minor);
    }
    out.bytes(entry.link);
    encode_xattrs(entry, out);
}

FileEntry decode_file_entry(ByteReader& in) {
    FileEntry entry;
    entry.path = in.bytes(limits::path);
    const std::uint8_t type = in.u8();
    if (type == 0 || type >= type_names.size()) {
        fail("an unknown type");
    }
    entry.type = static_cast<EntryType>(type);
    entry.mark = MarkNumber(in.u64());
    if (entry.type != EntryType::deleted) {
        decode_content(in, entry);
    }
    check(entry);
    return entry;
}

std::string to_json_line(const FileEntry& entry) {
    return to_json(entry, true);
}

Result<FileEntry> parse_json_line(std::string_view line) {
    Result<boost::json::value> value = parse_json(line, limits::listing_line);
    if (!value) {
        return value.error();
    }
    try {
        JsonMembers members("file entry", value.value());
        FileEntry entry = read_json_entry(members);
        members.finish();
        check(entry);
        return entry;
    } catch (const Error& error) {
        return Error(ErrorCode::malformed, error.message());
    }
}

Digest entry_digest(const FileEntry& entry) {
    return sha256(to_json(entry, false));
}

}  // namespace farshore
