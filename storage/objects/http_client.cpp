#include "storage/objects/http_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <mutex>
#include <string>

namespace farshore::storage {

namespace {

constexpr long connect_timeout_ms = 10'000;
// Slower than this for so long is dead, however far away the deadline is.
constexpr long stall_bytes_per_second = 1'000;
constexpr long stall_seconds = 20;
// All headers of an answer together; a server that sends more is not one of ours.
constexpr std::size_t headers_limit_bytes = 64UL * 1024;

struct CurlDeleter {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Curl = std::unique_ptr<CURL, CurlDeleter>;

struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, ListDeleter>;

void initialise_once() {
    static std::once_flag flag;
    std::call_once(flag, [] {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
            throw Error(ErrorCode::internal, "cannot start libcurl");
        }
    });
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::string_view trim(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

// What the callbacks of one transfer share. They are called from C: nothing may be thrown.
struct Transfer {
    const HttpRequest* request = nullptr;
    std::size_t sent = 0;
    std::size_t header_bytes = 0;
    HttpAnswer answer;

    std::size_t take_header(std::string_view line) {
        header_bytes += line.size();
        if (header_bytes > headers_limit_bytes) {
            return 0;
        }
        if (line.starts_with("HTTP/")) {  // a new answer: what came before was "100 Continue"
            answer.headers.clear();
            return line.size();
        }
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos) {
            answer.headers.emplace_back(lower(trim(line.substr(0, colon))),
                                        std::string(trim(line.substr(colon + 1))));
        }
        return line.size();
    }

    std::size_t take_body(std::string_view piece) {
        const std::size_t room = request->answer_limit_bytes - answer.body.size();
        if (piece.size() > room) {
            answer.cut_off = true;
            return 0;  // ends the transfer
        }
        answer.body.append(piece);
        return piece.size();
    }

    std::size_t give_body(char* into, std::size_t room) {
        const std::size_t count = std::min(room, request->body.size() - sent);
        std::copy_n(request->body.data() + sent, count, into);
        sent += count;
        return count;
    }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* transfer) {
    return static_cast<Transfer*>(transfer)->take_header({data, size * count});
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* transfer) {
    return static_cast<Transfer*>(transfer)->take_body({data, size * count});
}

std::size_t on_send(char* into, std::size_t size, std::size_t count, void* transfer) {
    return static_cast<Transfer*>(transfer)->give_body(into, size * count);
}

// A reused connection may turn out dead after a part of the body went out: libcurl then starts
// again on a new one.
int on_rewind(void* transfer, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset != 0) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    static_cast<Transfer*>(transfer)->sent = 0;
    return CURL_SEEKFUNC_OK;
}

// libcurl asks about once a second, also while nothing moves.
int on_progress(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<const std::atomic<bool>*>(interrupted) ? 1 : 0;
}

void set(CURL* handle, CURLoption option, auto value) {
    if (curl_easy_setopt(handle, option, value) != CURLE_OK) {
        throw Error(ErrorCode::internal,
                    "libcurl does not know option " + std::to_string(static_cast<int>(option)));
    }
}

void set_limits(CURL* handle, const HttpRequest& request) {
    set(handle, CURLOPT_NOSIGNAL, 1L);
    set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    set(handle, CURLOPT_FOLLOWLOCATION, 0L);
    set(handle, CURLOPT_PATH_AS_IS, 1L);
    set(handle, CURLOPT_NOPROXY, request.direct ? "*" : static_cast<const char*>(nullptr));
    set(handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(handle, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(handle, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    set(handle, CURLOPT_LOW_SPEED_LIMIT, stall_bytes_per_second);
    set(handle, CURLOPT_LOW_SPEED_TIME, stall_seconds);
    set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(request.deadline.nanoseconds / 1'000'000));
}

void set_method(CURL* handle, Transfer& transfer) {
    const HttpRequest& request = *transfer.request;
    if (request.method == "PUT") {
        set(handle, CURLOPT_UPLOAD, 1L);
        set(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        set(handle, CURLOPT_READFUNCTION, &on_send);
        set(handle, CURLOPT_READDATA, static_cast<void*>(&transfer));
        set(handle, CURLOPT_SEEKFUNCTION, &on_rewind);
        set(handle, CURLOPT_SEEKDATA, static_cast<void*>(&transfer));
    } else if (request.method == "HEAD") {
        set(handle, CURLOPT_NOBODY, 1L);
    } else {
        FARSHORE_ASSERT(request.method == "GET");
        set(handle, CURLOPT_HTTPGET, 1L);
    }
    set(handle, CURLOPT_HEADERFUNCTION, &on_header);
    set(handle, CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
    set(handle, CURLOPT_WRITEFUNCTION, &on_body);
    set(handle, CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
}

void append(CurlList& list, const std::string& line) {
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) {
        throw Error(ErrorCode::internal, "libcurl has no memory for a header");
    }
    static_cast<void>(list.release());
    list.reset(longer);
}

// "Expect:" takes out libcurl's own "Expect: 100-continue", which costs a round trip on each PUT;
// likewise "Accept:". An empty header of ours needs libcurl's "name;" form.
CurlList header_list(const HttpRequest& request) {
    CurlList list;
    append(list, "Expect:");
    append(list, "Accept:");
    for (const auto& [name, value] : request.headers) {
        std::string line = name;
        line.append(value.empty() ? ";" : ": ").append(value);
        append(list, line);
    }
    return list;
}

ErrorCode code_of(CURLcode result) {
    switch (result) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return ErrorCode::store_refused;
        default:
            return ErrorCode::store_unavailable;
    }
}

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

// Handles that are not in use. Each keeps its connection open for the next request.
class HttpClient::Connections {
  public:
    [[nodiscard]] Curl take() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                Curl handle = std::move(idle_.back());
                idle_.pop_back();
                return handle;
            }
        }
        Curl handle(curl_easy_init());
        if (!handle) {
            throw Error(ErrorCode::internal, "libcurl gives no handle");
        }
        return handle;
    }

    void give_back(Curl handle) {
        curl_easy_reset(handle.get());  // options go, the connection stays
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(handle));
    }

  private:
    std::mutex mutex_;
    std::vector<Curl> idle_;
};

HttpClient::HttpClient(std::string ca)
    : ca_(std::move(ca)), connections_(std::make_unique<Connections>()) {
    initialise_once();
}

HttpClient::~HttpClient() = default;

Result<HttpAnswer> HttpClient::perform(const HttpRequest& request) {
    const Error cancelled(ErrorCode::cancelled, "the agent is leaving");
    if (interrupted_) {
        return cancelled;
    }
    Curl handle = connections_->take();
    Transfer transfer;
    transfer.request = &request;
    const CurlList headers = header_list(request);
    set_limits(handle.get(), request);
    set_method(handle.get(), transfer);
    set(handle.get(), CURLOPT_URL, request.url.c_str());
    set(handle.get(), CURLOPT_HTTPHEADER, headers.get());
    if (!ca_.empty()) {
        set(handle.get(), CURLOPT_CAINFO, ca_.c_str());
    }
    set(handle.get(), CURLOPT_NOPROGRESS, 0L);
    set(handle.get(), CURLOPT_XFERINFOFUNCTION, &on_progress);
    set(handle.get(), CURLOPT_XFERINFODATA, static_cast<void*>(&interrupted_));
    std::string detail(CURL_ERROR_SIZE, '\0');
    set(handle.get(), CURLOPT_ERRORBUFFER, detail.data());
    const CURLcode result = curl_easy_perform(handle.get());
    long status = 0;
    static_cast<void>(curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status));
    connections_->give_back(std::move(handle));
    transfer.answer.status = static_cast<int>(status);
    if (result == CURLE_OK || transfer.answer.cut_off) {
        return std::move(transfer.answer);
    }
    if (interrupted_) {
        return cancelled;
    }
    detail.resize(detail.find('\0'));
    return Error(code_of(result), detail.empty() ? curl_easy_strerror(result) : detail);
}

}  // namespace farshore::storage
