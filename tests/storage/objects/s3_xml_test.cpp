#include "storage/objects/s3_xml.hpp"

#include <gtest/gtest.h>

namespace farshore::storage {
namespace {

TEST(Xml, ElementsTextAndEntities) {
    const XmlElement root =
        parse_xml(
            "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<a xmlns=\"http://x/\" y='1'> t<b>&lt;&gt;&amp;&quot;&apos;&#233;&#x20AC;&#128758;"
            "</b >u<s3:c/></a>\n")
            .take();
    EXPECT_EQ(root.name, "a");
    EXPECT_EQ(root.text, " tu");
    ASSERT_EQ(root.children.size(), 2U);
    EXPECT_EQ(root.child_text("b"), "<>&\"'\u00e9\u20ac\U0001F6F6");
    EXPECT_EQ(root.children[1].name, "c");
    EXPECT_EQ(root.child_text("d"), "");
}

TEST(Xml, AnythingElseIsMalformed) {
    for (const char* text : {"",
                             " ",
                             "text",
                             "<",
                             "<a",
                             "<a>",
                             "<a></b>",
                             "<a></a",
                             "<a></a>x",
                             "<a></a><b/>",
                             "<a><b></a></b>",
                             "<a b></a>",
                             "<a b=1></a>",
                             "<a b=\"1></a>",
                             "<a>&</a>",
                             "<a>&x;</a>",
                             "<a>&#0;</a>",
                             "<a>&#xD800;</a>",
                             "<a>&#x110000;</a>",
                             "<a>&#99999999999;</a>",
                             "<a>&#;</a>",
                             "<a>&#x;</a>",
                             "<a>&#12a;</a>",
                             "<!DOCTYPE a><a/>",
                             "<a><![CDATA[x]]></a>",
                             "<a><!-- x --></a>",
                             "<?xml <a/>",
                             "< a/>",
                             "<a/ >"}) {
        const auto root = parse_xml(text);
        ASSERT_FALSE(root.ok()) << text;
        EXPECT_EQ(root.error().code(), ErrorCode::malformed);
    }
}

TEST(Xml, DepthAndNumberAreBounded) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) {
        deep += "<a>";
    }
    EXPECT_FALSE(parse_xml(deep).ok());
    std::string many = "<a>";
    for (int i = 0; i < 30'000; ++i) {
        many += "<b/>";
    }
    EXPECT_FALSE(parse_xml(many + "</a>").ok());
}

TEST(S3Xml, Errors) {
    const S3ErrorBody body =
        parse_s3_error(
            "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code>"
            "<Message>wrong</Message><Region>eu-west-1</Region></Error>")
            .take();
    EXPECT_EQ(body.code, "AuthorizationHeaderMalformed");
    EXPECT_EQ(body.message, "wrong");
    EXPECT_EQ(body.region, "eu-west-1");
    EXPECT_FALSE(parse_s3_error("<Error></Error>").ok());
    EXPECT_FALSE(parse_s3_error("<html><Code>x</Code></html>").ok());
    EXPECT_FALSE(parse_s3_error("").ok());
}

TEST(S3Xml, Pages) {
    const S3Page page = parse_s3_page(
                            "<ListBucketResult><IsTruncated>true</IsTruncated>"
                            "<EncodingType>url</EncodingType>"
                            "<NextContinuationToken>a+b%20c</NextContinuationToken>"
                            "<Contents><Key>a%2Fb+c%c3%BC%01</Key><Size>1</Size></Contents>"
                            "<CommonPrefixes><Prefix>x</Prefix></CommonPrefixes>"
                            "<Contents><Key>d</Key></Contents></ListBucketResult>")
                            .take();
    EXPECT_EQ(page.keys, (std::vector<std::string>{"a/b c\u00fc\x01", "d"}));
    EXPECT_EQ(page.next, "a+b%20c");  // a token is not a key: it is not encoded
    EXPECT_EQ(parse_s3_page("<ListBucketResult><IsTruncated>false</IsTruncated>"
                            "<Contents><Key>a%20+b</Key></Contents></ListBucketResult>")
                  .take()
                  .keys,
              std::vector<std::string>{"a%20+b"});
}

TEST(S3Xml, PagesThatDoNotHoldTogether) {
    for (const char* text :
         {"<ListBucketResult/>",
          "<ListBucketResult><IsTruncated>yes</IsTruncated></ListBucketResult>",
          "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
          "<Other><IsTruncated>false</IsTruncated></Other>",
          "<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>",
          "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>"
          "<Contents><Key>%4</Key></Contents></ListBucketResult>",
          "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>"
          "<Contents><Key>%zz</Key></Contents></ListBucketResult>"}) {
        EXPECT_FALSE(parse_s3_page(text).ok()) << text;
    }
}

TEST(S3Xml, Versions) {
    const S3VersionPage page =
        parse_s3_version_page(
            "<ListVersionsResult><IsTruncated>true</IsTruncated>"
            "<EncodingType>url</EncodingType>"
            "<NextKeyMarker>a%2Fb</NextKeyMarker>"
            "<NextVersionIdMarker>v1</NextVersionIdMarker>"
            "<DeleteMarker><Key>a%2Fb</Key><VersionId>v3</VersionId></DeleteMarker>"
            "<Version><Key>a%2Fb</Key><VersionId>v2</VersionId></Version>"
            "</ListVersionsResult>")
            .take();
    ASSERT_EQ(page.versions.size(), 2U);
    EXPECT_TRUE(page.versions[0].is_deletion);
    EXPECT_EQ(page.versions[1].key, "a/b");
    EXPECT_EQ(page.versions[1].id, "v2");
    EXPECT_TRUE(page.goes_on);
    EXPECT_EQ(page.next_key, "a/b");
    EXPECT_EQ(page.next_version, "v1");
    for (const char* text :
         {"<ListVersionsResult><IsTruncated>true</IsTruncated></ListVersionsResult>",
          "<ListVersionsResult><IsTruncated>false</IsTruncated><Version><Key>a</Key></Version>"
          "</ListVersionsResult>",
          "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"}) {
        EXPECT_FALSE(parse_s3_version_page(text).ok()) << text;
    }
}

}  // namespace
}  // namespace farshore::storage
