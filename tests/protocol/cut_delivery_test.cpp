#include "protocol/cut_delivery.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>

#include "protocol/cut_offer.hpp"
#include "tests/support/error_code.hpp"
#include "tests/support/names.hpp"

namespace farshore {
namespace {

using test::app;
using test::code_of;

CutBegin begin_of(std::uint64_t cut, std::uint64_t base, std::uint64_t lsn = 0) {
    CutBegin message{CutNumber(cut), CutNumber(base), {}, {}};
    if (lsn > 0) {
        message.databases[app] = Lsn(lsn);
    }
    return message;
}

TEST(CutDelivery, FromToldToReceived) {
    CutDelivery delivery(CutNumber(4), 2, {{app, Lsn(10)}});
    delivery.begin(begin_of(7, 4, 50));
    EXPECT_EQ(delivery.require_telling(), CutNumber(7));
    delivery.end({CutNumber(7), {3, 1}, true});
    EXPECT_EQ(delivery.next(), DeliveryStep::wait);
    delivery.lane_processed(0, 3);
    delivery.lane_processed(1, 1);
    EXPECT_EQ(delivery.next(), DeliveryStep::resolve);
    delivery.resolved(2);
    EXPECT_EQ(delivery.next(), DeliveryStep::wait);
    delivery.content_sent({CutNumber(7), {3, 3}, 0});
    EXPECT_EQ(delivery.next(), DeliveryStep::wait);
    delivery.lane_processed(1, 3);
    EXPECT_EQ(delivery.next(), DeliveryStep::resolve);
    delivery.resolved(0);
    EXPECT_EQ(delivery.next(), DeliveryStep::wait);
    delivery.database_passed(app, Lsn(49));
    EXPECT_EQ(delivery.next(), DeliveryStep::wait);
    delivery.database_passed(app, Lsn(50));
    EXPECT_EQ(delivery.next(), DeliveryStep::sync);
    delivery.committed();
    EXPECT_EQ(delivery.received(), CutNumber(7));
    EXPECT_FALSE(delivery.in_flight());
    delivery.begin(begin_of(8, 7));
}

TEST(CutDelivery, ACutWhoseContentIsGoneIsAbandoned) {
    CutDelivery delivery(CutNumber(), 1, {});
    delivery.begin(begin_of(1, 0));
    delivery.end({CutNumber(1), {0}, false});
    delivery.resolved(1);
    delivery.content_sent({CutNumber(1), {0}, 1});
    EXPECT_EQ(delivery.next(), DeliveryStep::abandon);
    delivery.abandoned();
    EXPECT_EQ(delivery.received(), CutNumber());
    delivery.begin(begin_of(2, 0));
}

TEST(CutDelivery, APeerThatBreaksTheOrderIsCutOff) {
    CutDelivery delivery(CutNumber(4), 1, {{app, Lsn(10)}});
    EXPECT_EQ(code_of([&] { static_cast<void>(delivery.require_telling()); }),
              ErrorCode::malformed);
    EXPECT_EQ(code_of([&] { delivery.end({CutNumber(5), {0}, false}); }), ErrorCode::malformed);
    EXPECT_EQ(code_of([&] { delivery.begin(begin_of(5, 3)); }), ErrorCode::malformed);
    EXPECT_EQ(code_of([&] { delivery.begin(begin_of(4, 4)); }), ErrorCode::malformed);
    EXPECT_EQ(code_of([&] {
                  delivery.content_sent({CutNumber(5), {0}, 0});
              }),
              ErrorCode::malformed);
    CutBegin other = begin_of(5, 4);
    other.databases[SourceName("unheard-of")] = Lsn(1);
    EXPECT_EQ(code_of([&] { delivery.begin(other); }), ErrorCode::malformed);
    delivery.begin(begin_of(5, 4));
    EXPECT_EQ(code_of([&] { delivery.begin(begin_of(6, 4)); }), ErrorCode::malformed);
    EXPECT_EQ(code_of([&] { delivery.end({CutNumber(6), {0}, false}); }), ErrorCode::malformed);
    EXPECT_EQ(code_of([&] { delivery.end({CutNumber(5), {0, 0}, false}); }), ErrorCode::malformed);
    delivery.end({CutNumber(5), {0}, false});
    for (int round = 0; round < CutDelivery::most_rounds; ++round) {
        delivery.resolved(1);
        delivery.content_sent({CutNumber(5), {0}, 0});
    }
    EXPECT_EQ(code_of([&] { delivery.resolved(1); }), ErrorCode::malformed);
}

// One primary and one secondary, in one process, from one seed. The fault model: lanes run at
// different speeds, but each keeps its order; the connection is lost at any moment, with all that
// is under way; the secondary crashes and loses what was staged and not committed; content changes
// on the primary before it is asked for, so that it is missing. Not modelled: a lying peer (above).
class Simulation {
  public:
    explicit Simulation(unsigned seed) : engine_(seed) { connect(); }

    void run() {
        for (int step = 0; step < 400; ++step) {
            const unsigned roll = pick(100);
            if (roll < 2) {
                connect();
            } else if (roll < 3) {
                staged_ = committed_content_;
                spooled_ = committed_lsn_;
                connect();
            } else if (roll < 15) {
                change();
            } else {
                work();
            }
        }
        heal();
    }

  private:
    // A cut as the primary has it: all content that changed up to it, newest version of each file.
    struct Cut {
        std::map<int, int> files;  // file -> version
        std::uint64_t lsn = 0;
    };
    struct Content {
        int file, version;
    };

    unsigned pick(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(engine_);
    }

    void connect() {
        to_secondary_.clear();
        to_primary_.clear();
        bulk_ = {{}, {}};
        database_.clear();
        sent_ = {0, 0};
        processed_ = {0, 0};
        offer_ = std::make_unique<CutOffer>(received_);
        delivery_ = std::make_unique<CutDelivery>(received_, 2,
                                                  std::map<SourceName, Lsn>{{app, Lsn(spooled_)}});
        wanted_.clear();
        told_files_.clear();
    }

    // The application changes a file or a row; now and then it becomes a cut.
    void change() {
        const int file = static_cast<int>(pick(5));
        ++disk_[file];
        ++lsn_;
        if (pick(2) == 0) {
            push({file, disk_[file]}, pick(2));
        }
        if (pick(2) == 0) {
            cuts_.push_back({disk_, lsn_});
        }
    }

    void push(Content content, unsigned lane) {
        bulk_[lane].push_back(content);
        ++sent_[lane];
    }

    void work() {
        switch (pick(7)) {
            case 0:
                tell();
                break;
            case 1:
                primary_hears();
                break;
            case 2:
                if (lsn_ > database_sent()) {
                    database_.push_back(database_sent() + 1);
                }
                break;
            case 3:
                if (!database_.empty()) {
                    spooled_ = std::max(spooled_, database_.front());
                    database_.pop_front();
                    delivery_->database_passed(app, Lsn(spooled_));
                }
                break;
            case 4:
                secondary_hears();
                break;
            default:
                process_bulk(pick(2));
        }
        act();
    }

    std::uint64_t database_sent() const { return database_.empty() ? spooled_ : database_.back(); }

    void tell() {
        const CutNumber newest(cuts_.size());
        if (!offer_->is_idle() || newest <= offer_->received()) {
            return;
        }
        offer_->began(newest);
        const Cut& cut = cuts_[newest.value() - 1];
        to_secondary_.push_back(
            to_frame(begin_of(newest.value(), offer_->received().value(), cut.lsn)));
        to_secondary_.push_back(to_frame(CutEnd{newest, sent_, false}));
        offer_->told();
    }

    void primary_hears() {
        if (to_primary_.empty()) {
            return;
        }
        const Frame frame = to_primary_.front();
        to_primary_.pop_front();
        if (frame.kind == MessageKind::received) {
            offer_->received(from_frame<Received>(frame));
            return;
        }
        const auto message = from_frame<ContentWanted>(frame);
        for (const WantedContent& item : message.items) {
            wanted_.push_back({item.path[0] - 'a', static_cast<int>(item.size)});
        }
        if (!offer_->wanted(message)) {
            return;
        }
        std::uint64_t missing = 0;
        for (const Content& content : wanted_) {
            if (disk_[content.file] == content.version) {
                push(content, pick(2));
            } else {
                ++missing;
            }
        }
        wanted_.clear();
        to_secondary_.push_back(to_frame(ContentSent{message.cut, sent_, missing}));
        offer_->answered(missing);
        if (missing > 0) {
            cuts_.push_back({disk_, lsn_});  // its successors
        }
    }

    void secondary_hears() {
        if (to_secondary_.empty()) {
            return;
        }
        const Frame frame = to_secondary_.front();
        to_secondary_.pop_front();
        if (frame.kind == MessageKind::cut_begin) {
            delivery_->begin(from_frame<CutBegin>(frame));
            told_files_ = cuts_[delivery_->require_telling().value() - 1].files;
        } else if (frame.kind == MessageKind::cut_end) {
            delivery_->end(from_frame<CutEnd>(frame));
        } else {
            delivery_->content_sent(from_frame<ContentSent>(frame));
        }
    }

    void process_bulk(unsigned lane) {
        if (bulk_[lane].empty()) {
            return;
        }
        const Content content = bulk_[lane].front();
        bulk_[lane].pop_front();
        staged_.insert({content.file, content.version});
        delivery_->lane_processed(lane, ++processed_[lane]);
    }

    void act() {
        for (;;) {
            switch (delivery_->next()) {
                case DeliveryStep::wait:
                    return;
                case DeliveryStep::resolve:
                    resolve();
                    break;
                case DeliveryStep::sync:
                    commit();
                    break;
                case DeliveryStep::abandon:
                    delivery_->abandoned();
                    break;
            }
        }
    }

    void resolve() {
        std::vector<WantedContent> lacking;
        for (const auto& [file, version] : told_files_) {
            if (!staged_.contains({file, version})) {
                lacking.push_back({SourceName("t"), std::string(1, static_cast<char>('a' + file)),
                                   Digest{}, static_cast<std::uint64_t>(version)});
            }
        }
        const CutNumber cut = delivery_->in_flight()->cut;
        for (std::size_t i = 0; i < lacking.size(); ++i) {
            to_primary_.push_back(
                to_frame(ContentWanted{cut, i + 1 == lacking.size(), {lacking[i]}}));
        }
        delivery_->resolved(lacking.size());
    }

    // The checker: what is committed is there, whole.
    void commit() {
        const CutNumber cut = delivery_->in_flight()->cut;
        const Cut& truth = cuts_[cut.value() - 1];
        for (const auto& [file, version] : truth.files) {
            ASSERT_TRUE(staged_.contains({file, version})) << "cut " << cut.value();
        }
        ASSERT_GE(spooled_, truth.lsn);
        ASSERT_GT(cut, received_);
        delivery_->committed();
        received_ = cut;
        committed_content_ = staged_;
        committed_lsn_ = truth.lsn;
        to_primary_.push_back(to_frame(Received{cut}));
    }

    // No more faults and no more changes: the newest cut arrives.
    void heal() {
        cuts_.push_back({disk_, lsn_});
        connect();
        for (int step = 0; step < 20'000; ++step) {
            if (offer_->received() == CutNumber(cuts_.size())) {
                break;
            }
            work();
        }
        EXPECT_EQ(received_, CutNumber(cuts_.size()));
        EXPECT_EQ(offer_->received(), received_);
    }

    std::mt19937 engine_;
    // the primary
    std::map<int, int> disk_;
    std::uint64_t lsn_ = 0;
    std::vector<Cut> cuts_;  // the first one is cut 1
    LaneCounts sent_;
    std::unique_ptr<CutOffer> offer_;
    std::vector<Content> wanted_;
    // under way
    std::deque<Frame> to_secondary_, to_primary_;
    std::vector<std::deque<Content>> bulk_;
    std::deque<std::uint64_t> database_;
    // the secondary
    std::set<std::pair<int, int>> staged_, committed_content_;
    std::uint64_t spooled_ = 0, committed_lsn_ = 0;
    CutNumber received_;
    LaneCounts processed_;
    std::map<int, int> told_files_;
    std::unique_ptr<CutDelivery> delivery_;
};

TEST(CutDeliverySimulation, NeverEarlyAndAlwaysAtLast) {
    for (unsigned seed = 0; seed < 3'000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Simulation(seed).run();
        if (::testing::Test::HasFailure()) {
            break;
        }
    }
}

}  // namespace
}  // namespace farshore
