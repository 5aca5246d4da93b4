/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The strict reader, as tables of input and transcript (transcript.h). Every row is read whole, at
 * every cut into two pieces, and byte by byte: the transcript is always the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/gateway/http/transcript.h"

struct row {
    const char *name;
    struct bytes input;
    const char *transcript;
};

#define HOST         "Host: h\r\n"
#define GET          "GET / HTTP/1.1\r\n" HOST
#define POST         "POST / HTTP/1.1\r\n" HOST
#define CHUNKED      POST "Transfer-Encoding: chunked\r\n\r\n"
#define CHUNKED_HEAD "POST / host=h [host=h] [transfer-encoding=chunked] chunked\n"

static const struct row accepted_requests[] = {
    {"plain", BYTES_INIT(GET "\r\n"), "GET / host=h [host=h]\nend\n"},
    {"two in a row", BYTES_INIT(GET "\r\n" GET "\r\n"),
     "GET / host=h [host=h]\nend\nGET / host=h [host=h]\nend\n"},
    {"an empty line before", BYTES_INIT("\r\n" GET "\r\n"), "GET / host=h [host=h]\nend\n"},
    {"path and query", BYTES_INIT("GET /a/b%20c;d=1/..x/.y?q=%2F&r=?/: HTTP/1.1\r\n" HOST "\r\n"),
     "GET /a/b%20c;d=1/..x/.y?q=%2F&r=?/: host=h [host=h]\nend\n"},
    {"empty query", BYTES_INIT("GET /? HTTP/1.1\r\n" HOST "\r\n"), "GET /? host=h [host=h]\nend\n"},
    {"any method", BYTES_INIT("m-SEARCH! / HTTP/1.1\r\n" HOST "\r\n"),
     "m-SEARCH! / host=h [host=h]\nend\n"},
    {"white space around values",
     BYTES_INIT("GET / HTTP/1.1\r\nHOST:h\r\nA: \t b c \t\r\nEmpty:\r\n\r\n"),
     "GET / host=h [host=h] [a=b c] [empty=]\nend\n"},
    {"obs-text in a value", BYTES_INIT(GET "A: \xff\x80\r\n\r\n"),
     "GET / host=h [host=h] [a=\xff\x80]\nend\n"},
    {"host with port", BYTES_INIT("GET / HTTP/1.1\r\nHost: a-b.example:8443\r\n\r\n"),
     "GET / host=a-b.example:8443 [host=a-b.example:8443]\nend\n"},
    {"host as IPv6", BYTES_INIT("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
     "GET / host=[::1]:80 [host=[::1]:80]\nend\n"},
    {"length", BYTES_INIT(POST "Content-Length: 5\r\n\r\nhello" GET "\r\n"),
     "POST / host=h [host=h] [content-length=5] length=5\nbody=hello\nend\n"
     "GET / host=h [host=h]\nend\n"},
    {"length of zero", BYTES_INIT(POST "Content-Length: 0\r\n\r\n"),
     "POST / host=h [host=h] [content-length=0] length=0\nend\n"},
    {"length with zeros before",
     BYTES_INIT(POST "Content-Length: 00000000000000000000002\r\n\r\nab"),
     "POST / host=h [host=h] [content-length=00000000000000000000002] length=2\nbody=ab\nend\n"},
    {"chunks", BYTES_INIT(CHUNKED "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n" GET "\r\n"),
     CHUNKED_HEAD "body=abc0123456789\nend\nGET / host=h [host=h]\nend\n"},
    {"chunk sizes in both cases", BYTES_INIT(CHUNKED "0a\r\n0123456789\r\n000\r\n\r\n"),
     CHUNKED_HEAD "body=0123456789\nend\n"},
    {"coding name in capitals (RFC 9112 7: case-insensitive)",
     BYTES_INIT(POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"),
     "POST / host=h [host=h] [transfer-encoding=Chunked] chunked\nend\n"},
    {"chunk extensions are dropped",
     BYTES_INIT(CHUNKED "1;a;b=c;d=\"e\\\"\\\\ \tf\"\r\nx\r\n0;z\r\n\r\n"),
     CHUNKED_HEAD "body=x\nend\n"},
    {"trailers are dropped", BYTES_INIT(CHUNKED "0\r\nA: b\r\nC: d\r\n\r\n" GET "\r\n"),
     CHUNKED_HEAD "end\nGET / host=h [host=h]\nend\n"},
    {"close", BYTES_INIT(GET "Connection: foo , CLOSE,\r\n\r\n"),
     "GET / host=h [host=h] [connection=foo , CLOSE,] close\nend\n"},
    {"expectation", BYTES_INIT(POST "Content-Length: 1\r\nExpect: 100-Continue\r\n\r\nx"),
     "POST / host=h [host=h] [content-length=1] [expect=100-Continue] length=1 continue\n"
     "body=x\nend\n"},
    {"expectation without a body", BYTES_INIT(GET "Expect: 100-continue\r\n\r\n"),
     "GET / host=h [host=h] [expect=100-continue]\nend\n"},
};

static const struct row refused_requests[] = {
    {"LF alone after the start line", BYTES_INIT("GET / HTTP/1.1\nHost: h\r\n\r\n"), "bare-lf"},
    {"LF alone after a field", BYTES_INIT("GET / HTTP/1.1\r\nHost: h\n\r\n"), "bare-lf"},
    {"LF alone as the empty line", BYTES_INIT(GET "\n"), "bare-lf"},
    {"CR in the start line", BYTES_INIT("GET /\r HTTP/1.1\r\n"), "bare-cr"},
    {"CR in a field", BYTES_INIT(GET "A: b\rc\r\n\r\n"), "bare-cr"},
    {"CR CR LF", BYTES_INIT("GET / HTTP/1.1\r\r\n"), "bare-cr"},
    {"two empty lines before", BYTES_INIT("\r\n\r\n" GET "\r\n"), "method-invalid"},
    {"HTTP/0.9", BYTES_INIT("GET /\r\n"), "start-line-malformed"},
    {"method alone", BYTES_INIT("GET\r\n"), "start-line-malformed"},
    {"two spaces before the target", BYTES_INIT("GET  / HTTP/1.1\r\n"), "start-line-malformed"},
    {"two spaces before the version", BYTES_INIT("GET /  HTTP/1.1\r\n"), "start-line-malformed"},
    {"space at the end", BYTES_INIT("GET / HTTP/1.1 \r\n"), "start-line-malformed"},
    {"space in the target", BYTES_INIT("GET /a b HTTP/1.1\r\n"), "start-line-malformed"},
    {"space before the method", BYTES_INIT(" GET / HTTP/1.1\r\n"), "method-invalid"},
    {"tab for a space", BYTES_INIT("GET\t/ HTTP/1.1\r\n"), "method-invalid"},
    {"method that is no token", BYTES_INIT("G(T / HTTP/1.1\r\n"), "method-invalid"},
    {"TLS hello on a plain port", BYTES_INIT("\x16\x03\x01\x02\x00\x01\r\n"), "method-invalid"},
    {"absolute-form", BYTES_INIT("GET http://h/ HTTP/1.1\r\n"), "target-form"},
    {"authority-form", BYTES_INIT("CONNECT h:443 HTTP/1.1\r\n"), "target-form"},
    {"asterisk-form", BYTES_INIT("OPTIONS * HTTP/1.1\r\n"), "target-form"},
    {"fragment", BYTES_INIT("GET /a#b HTTP/1.1\r\n"), "target-character"},
    {"backslash", BYTES_INIT("GET /a\\b HTTP/1.1\r\n"), "target-character"},
    {"quote in the query", BYTES_INIT("GET /a?\"b\" HTTP/1.1\r\n"), "target-character"},
    {"not ASCII", BYTES_INIT("GET /\xc3\xa9 HTTP/1.1\r\n"), "target-character"},
    {"NUL in the target", BYTES_INIT("GET /a\0b HTTP/1.1\r\n"), "target-character"},
    {"DEL in the target", BYTES_INIT("GET /a\x7f HTTP/1.1\r\n"), "target-character"},
    {"escape cut short", BYTES_INIT("GET /a%2 HTTP/1.1\r\n"), "target-escape"},
    {"escape without digits", BYTES_INIT("GET /a?b=%zz HTTP/1.1\r\n"), "target-escape"},
    {"lone percent sign", BYTES_INIT("GET /% HTTP/1.1\r\n"), "target-escape"},
    {"escaped slash", BYTES_INIT("GET /a%2Fb HTTP/1.1\r\n"), "target-encoded-slash"},
    {"escaped slash, lower case", BYTES_INIT("GET /a%2fb HTTP/1.1\r\n"), "target-encoded-slash"},
    {"escaped NUL", BYTES_INIT("GET /a%00 HTTP/1.1\r\n"), "target-nul"},
    {"escaped NUL in the query", BYTES_INIT("GET /a?b=%00 HTTP/1.1\r\n"), "target-nul"},
    {"dot segment", BYTES_INIT("GET /a/./b HTTP/1.1\r\n"), "target-dot-segment"},
    {"two dots", BYTES_INIT("GET /a/../b HTTP/1.1\r\n"), "target-dot-segment"},
    {"two dots at the end", BYTES_INIT("GET /a/.. HTTP/1.1\r\n"), "target-dot-segment"},
    {"escaped dots", BYTES_INIT("GET /a/%2e%2E/b HTTP/1.1\r\n"), "target-dot-segment"},
    {"half escaped dots before a query", BYTES_INIT("GET /.%2e?x HTTP/1.1\r\n"),
     "target-dot-segment"},
    {"HTTP/1.0", BYTES_INIT("GET / HTTP/1.0\r\n"), "version-unsupported"},
    {"HTTP/2.0", BYTES_INIT("PRI * HTTP/2.0\r\n"), "version-unsupported"},
    {"HTTP/1.2", BYTES_INIT("GET / HTTP/1.2\r\n"), "version-unsupported"},
    {"lower-case version", BYTES_INIT("GET / http/1.1\r\n"), "version-malformed"},
    {"long version", BYTES_INIT("GET / HTTP/1.10\r\n"), "version-malformed"},
    {"another protocol", BYTES_INIT("GET / RTSP/1.1\r\n"), "version-malformed"},
    {"field without colon", BYTES_INIT(GET "Abc\r\n\r\n"), "header-name"},
    {"field without name", BYTES_INIT(GET ": b\r\n\r\n"), "header-name"},
    {"name that is no token", BYTES_INIT(GET "A b: c\r\n\r\n"), "header-name"},
    {"NUL in a name", BYTES_INIT(GET "A\0b: c\r\n\r\n"), "header-name"},
    {"not ASCII in a name", BYTES_INIT(GET "\xc3\xa9: c\r\n\r\n"), "header-name"},
    {"space before the colon", BYTES_INIT(GET "A : b\r\n\r\n"), "header-space-before-colon"},
    {"tab before the colon", BYTES_INIT(GET "A\t: b\r\n\r\n"), "header-space-before-colon"},
    {"folded field", BYTES_INIT(GET "A: b\r\n c\r\n\r\n"), "header-folded"},
    {"folded with a tab", BYTES_INIT(GET "A: b\r\n\tc\r\n\r\n"), "header-folded"},
    {"space before the first field", BYTES_INIT("GET / HTTP/1.1\r\n Host: h\r\n\r\n"),
     "header-folded"},
    {"NUL in a value", BYTES_INIT(GET "A: b\0c\r\n\r\n"), "header-value"},
    {"control byte in a value", BYTES_INIT(GET "A: b\x01\r\n\r\n"), "header-value"},
    {"DEL in a value", BYTES_INIT(GET "A: b\x7f\r\n\r\n"), "header-value"},
    {"no host", BYTES_INIT("GET / HTTP/1.1\r\nA: b\r\n\r\n"), "host-missing"},
    {"two hosts", BYTES_INIT(GET "Host: h\r\n\r\n"), "host-repeated"},
    {"empty host", BYTES_INIT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), "host-invalid"},
    {"host with user", BYTES_INIT("GET / HTTP/1.1\r\nHost: a@h\r\n\r\n"), "host-invalid"},
    {"host with path", BYTES_INIT("GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"), "host-invalid"},
    {"list of hosts", BYTES_INIT("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), "host-invalid"},
    {"host with empty port", BYTES_INIT("GET / HTTP/1.1\r\nHost: h:\r\n\r\n"), "host-invalid"},
    {"host with big port", BYTES_INIT("GET / HTTP/1.1\r\nHost: h:65536\r\n\r\n"), "host-invalid"},
    {"open bracket", BYTES_INIT("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"), "host-invalid"},
    {"negative length", BYTES_INIT(POST "Content-Length: -1\r\n\r\n"), "length-invalid"},
    {"signed length", BYTES_INIT(POST "Content-Length: +1\r\n\r\n"), "length-invalid"},
    {"hexadecimal length", BYTES_INIT(POST "Content-Length: 0x1\r\n\r\n"), "length-invalid"},
    {"empty length", BYTES_INIT(POST "Content-Length:\r\n\r\n"), "length-invalid"},
    {"list of lengths", BYTES_INIT(POST "Content-Length: 1, 1\r\n\r\n"), "length-invalid"},
    {"length past 63 bits", BYTES_INIT(POST "Content-Length: 9223372036854775808\r\n\r\n"),
     "length-invalid"},
    {"equal lengths", BYTES_INIT(POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"),
     "length-repeated"},
    {"differing lengths", BYTES_INIT(POST "Content-Length: 1\r\ncontent-length: 2\r\n\r\n"),
     "length-repeated"},
    {"length and encoding",
     BYTES_INIT(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "length-with-encoding"},
    {"encoding and length",
     BYTES_INIT(POST "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\n"),
     "length-with-encoding"},
    {"other encoding", BYTES_INIT(POST "Transfer-Encoding: gzip\r\n\r\n"), "encoding-unsupported"},
    {"two encodings", BYTES_INIT(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"),
     "encoding-unsupported"},
    {"chunked twice", BYTES_INIT(POST "Transfer-Encoding: chunked, chunked\r\n\r\n"),
     "encoding-unsupported"},
    {"chunked in two fields",
     BYTES_INIT(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "encoding-unsupported"},
    {"chunked with a parameter", BYTES_INIT(POST "Transfer-Encoding: chunked;a=b\r\n\r\n"),
     "encoding-unsupported"},
    {"empty encoding", BYTES_INIT(POST "Transfer-Encoding:\r\n\r\n"), "encoding-unsupported"},
    {"vertical tab in the encoding",
     BYTES_INIT(POST "Transfer-Encoding: \x0b"
                     "chunked\r\n\r\n"),
     "header-value"},
    {"connection that is no token", BYTES_INIT(GET "Connection: a b\r\n\r\n"),
     "connection-invalid"},
    {"unknown expectation", BYTES_INIT(GET "Expect: miracles\r\n\r\n"), "expectation-unknown"},
    {"two expectations", BYTES_INIT(GET "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"),
     "expectation-unknown"},
    {"upgrade", BYTES_INIT(GET "Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), "upgrade"},
    {"upgrade as option only", BYTES_INIT(GET "Connection: upgrade\r\n\r\n"), "upgrade"},
};

/* What is refused after the head was given. */
static const struct row refused_chunks[] = {
    {"no size", BYTES_INIT(CHUNKED "\r\n"), "chunk-size"},
    {"not hexadecimal", BYTES_INIT(CHUNKED "g\r\n"), "chunk-size"},
    {"negative size", BYTES_INIT(CHUNKED "-1\r\n"), "chunk-size"},
    {"0x", BYTES_INIT(CHUNKED "0x1\r\n"), "chunk-size"},
    {"size past 63 bits", BYTES_INIT(CHUNKED "8000000000000000\r\n"), "chunk-size"},
    {"size past 64 bits", BYTES_INIT(CHUNKED "10000000000000001\r\n"), "chunk-size"},
    {"space after the size", BYTES_INIT(CHUNKED "1 \r\nx\r\n"), "chunk-size"},
    {"space before the size", BYTES_INIT(CHUNKED " 1\r\nx\r\n"), "chunk-size"},
    {"space before an extension", BYTES_INIT(CHUNKED "1 ;a\r\nx\r\n"), "chunk-size"},
    {"LF alone after the size", BYTES_INIT(CHUNKED "1\nx\r\n"), "bare-lf"},
    {"CR alone after the size", BYTES_INIT(CHUNKED "1\rx\r\n"), "bare-cr"},
    {"LF in an extension", BYTES_INIT(CHUNKED "1;a\nx\r\n"), "bare-lf"},
    {"extension without name", BYTES_INIT(CHUNKED "1;\r\nx\r\n"), "chunk-extension"},
    {"extension without value", BYTES_INIT(CHUNKED "1;a=\r\nx\r\n"), "chunk-extension"},
    {"extension with space", BYTES_INIT(CHUNKED "1; a\r\nx\r\n"), "chunk-extension"},
    {"open quote", BYTES_INIT(CHUNKED "1;a=\"b\r\nx\r\n"), "chunk-extension"},
    {"open quote ending in a backslash", BYTES_INIT(CHUNKED "1;a=\"b\\\r\nx\r\n"),
     "chunk-extension"},
    {"text after a quote", BYTES_INIT(CHUNKED "1;a=\"b\"c\r\nx\r\n"), "chunk-extension"},
    {"folded trailer", BYTES_INIT(CHUNKED "0\r\n A: b\r\n\r\n"), "header-folded"},
    {"trailer that is no field", BYTES_INIT(CHUNKED "0\r\nGET / HTTP/1.1\r\n\r\n"), "header-name"},
    {"framing in a trailer", BYTES_INIT(CHUNKED "0\r\nContent-Length: 1\r\n\r\n"),
     "trailer-forbidden"},
    {"credentials in a trailer", BYTES_INIT(CHUNKED "0\r\nauthorization: x\r\n\r\n"),
     "trailer-forbidden"},
};

static const struct row refused_after_one_byte[] = {
    {"no CRLF after the data", BYTES_INIT(CHUNKED "1\r\nxy\r\n"), "chunk-end"},
    {"LF after the data", BYTES_INIT(CHUNKED "1\r\nx\n0\r\n\r\n"), "chunk-end"},
    {"CR alone after the data", BYTES_INIT(CHUNKED "1\r\nx\r0\r\n\r\n"), "chunk-end"},
};

static const struct row accepted_responses[] = {
    {"length", BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
     "200 [content-length=2] length=2\nbody=ok\nend\nclosed-ok\n"},
    {"empty reason", BYTES_INIT("HTTP/1.1 404 \r\nContent-Length: 0\r\n\r\n"),
     "404 [content-length=0] length=0\nend\nclosed-ok\n"},
    {"reason of other bytes", BYTES_INIT("HTTP/1.1 200 \xc3\xa9\t!\r\nContent-Length: 0\r\n\r\n"),
     "200 [content-length=0] length=0\nend\nclosed-ok\n"},
    {"chunks",
     BYTES_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
     "200 [transfer-encoding=chunked] chunked\nbody=ok\nend\nclosed-ok\n"},
    {"until close", BYTES_INIT("HTTP/1.1 200 OK\r\n\r\nok\r\n"),
     "200 until-close close\nbody=ok\r\n\nend\n"},
    {"until close, empty", BYTES_INIT("HTTP/1.1 200 OK\r\n\r\n"), "200 until-close close\nend\n"},
    {"HTTP/1.0", BYTES_INIT("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
     "200 [content-length=2] length=2 close\nbody=ok\nend\nclosed-ok\n"},
    {"interim responses",
     BYTES_INIT("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nLink: x\r\n\r\n"
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
     "200 [content-length=0] length=0\nend\nclosed-ok\n"},
    {"204 and the next",
     BYTES_INIT("HTTP/1.1 204 \r\n\r\nHTTP/1.1 304 \r\nContent-Length: 9\r\n\r\n"),
     "204\nend\n304 [content-length=9]\nend\nclosed-ok\n"},
    {"204 with a length of 0", BYTES_INIT("HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n"),
     "204 [content-length=0]\nend\nclosed-ok\n"},
    {"close", BYTES_INIT("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
     "200 [connection=close] [content-length=0] length=0 close\nend\nclosed-ok\n"},
    {"an offer to upgrade is not taken",
     BYTES_INIT(
         "HTTP/1.1 200 OK\r\nUpgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"),
     "200 [upgrade=h2] [connection=Upgrade] [content-length=0] length=0\nend\nclosed-ok\n"},
    {"cut in the head", BYTES_INIT("HTTP/1.1 200 OK\r\nContent-"), "refused=truncated\n"},
    {"cut in the body", BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"),
     "200 [content-length=3] length=3\nbody=ok\nrefused=truncated\n"},
    {"cut before the last chunk",
     BYTES_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n"),
     "200 [transfer-encoding=chunked] chunked\nbody=ok\nrefused=truncated\n"},
    {"cut before the last line",
     BYTES_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
     "200 [transfer-encoding=chunked] chunked\nrefused=truncated\n"},
    {"cut after an interim response", BYTES_INIT("HTTP/1.1 100 Continue\r\n\r\n"),
     "refused=truncated\n"},
};

#define INTERIM "HTTP/1.1 100 \r\n\r\n"
static const struct row refused_responses[] = {
    {"101", BYTES_INIT("HTTP/1.1 101 \r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), "upgrade"},
    {"empty line before", BYTES_INIT("\r\nHTTP/1.1 200 OK\r\n\r\n"), "version-malformed"},
    {"no space after the status", BYTES_INIT("HTTP/1.1 200\r\n\r\n"), "status-malformed"},
    {"two digits", BYTES_INIT("HTTP/1.1 20 OK\r\n\r\n"), "status-malformed"},
    {"four digits", BYTES_INIT("HTTP/1.1 2000 OK\r\n\r\n"), "status-malformed"},
    {"status below 100", BYTES_INIT("HTTP/1.1 099 OK\r\n\r\n"), "status-malformed"},
    {"status above 599", BYTES_INIT("HTTP/1.1 600 OK\r\n\r\n"), "status-malformed"},
    {"two spaces", BYTES_INIT("HTTP/1.1  200 OK\r\n\r\n"), "status-malformed"},
    {"control byte in the reason", BYTES_INIT("HTTP/1.1 200 O\x01K\r\n\r\n"), "status-malformed"},
    {"HTTP/2", BYTES_INIT("HTTP/2.0 200 OK\r\n\r\n"), "version-unsupported"},
    {"HTTP/2 without minor", BYTES_INIT("HTTP/2 200 OK\r\n\r\n"), "version-malformed"},
    {"other protocol", BYTES_INIT("SSH-2.0-OpenSSH\r\n"), "version-malformed"},
    {"LF alone", BYTES_INIT("HTTP/1.1 200 OK\n\n"), "bare-lf"},
    {"length and encoding",
     BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "length-with-encoding"},
    {"two lengths", BYTES_INIT("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"),
     "length-repeated"},
    {"gzip as transfer coding", BYTES_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
     "encoding-unsupported"},
    {"chunked in HTTP/1.0", BYTES_INIT("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "encoding-unsupported"},
    {"204 with a length", BYTES_INIT("HTTP/1.1 204 \r\nContent-Length: 1\r\n\r\n"),
     "length-not-allowed"},
    {"204 with an encoding", BYTES_INIT("HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n"),
     "length-not-allowed"},
    {"too many interim responses",
     BYTES_INIT(INTERIM INTERIM INTERIM INTERIM INTERIM INTERIM INTERIM INTERIM INTERIM),
     "interim-too-many"},
};

/* Small limits, so that the table stays readable. */
static const struct http_reader_limits small_limits = {
    .start_line = 20, .headers = 40, .header_count = 3, .chunk_line = 5, .body = 4};

static const struct row limits_of_requests[] = {
    {"start line as long as may be", BYTES_INIT("GET /23456 HTTP/1.1\r\n" HOST "\r\n"),
     "GET /23456 host=h [host=h]\nend\n"},
    {"start line too long", BYTES_INIT("GET /2345678 HTTP/1.1\r\n" HOST "\r\n"),
     "refused=start-line-too-long\n"},
    {"endless start line", BYTES_INIT("GET /234567890123456789012345678901234567890"),
     "refused=start-line-too-long\n"},
    {"fields as long as may be", BYTES_INIT(GET "A: 3456789012345678901234567\r\n\r\n"),
     "GET / host=h [host=h] [a=3456789012345678901234567]\nend\n"},
    {"fields too long", BYTES_INIT(GET "A: 34567890123456789012345678901\r\n\r\n"),
     "refused=headers-too-long\n"},
    {"endless field", BYTES_INIT(GET "A: 345678901234567890123456789012345678901234567890"),
     "refused=headers-too-long\n"},
    {"as many fields as may be", BYTES_INIT(GET "A: b\r\nC: d\r\n\r\n"),
     "GET / host=h [host=h] [a=b] [c=d]\nend\n"},
    {"too many fields", BYTES_INIT(GET "A: b\r\nC: d\r\nE: f\r\n\r\n"),
     "refused=headers-too-many\n"},
    {"body as long as may be", BYTES_INIT(POST "Content-Length: 4\r\n\r\nabcd"),
     "POST / host=h [host=h] [content-length=4] length=4\nbody=abcd\nend\n"},
    {"body too long", BYTES_INIT(POST "Content-Length: 5\r\n\r\nabcde"), "refused=body-too-long\n"},
    {"chunks as long as may be", BYTES_INIT(CHUNKED "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"),
     CHUNKED_HEAD "body=abcd\nend\n"},
    {"chunks too long", BYTES_INIT(CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
     CHUNKED_HEAD "body=abc\nrefused=body-too-long\n"},
    {"chunk line as long as may be", BYTES_INIT(CHUNKED "1;abc\r\nx\r\n0\r\n\r\n"),
     CHUNKED_HEAD "body=x\nend\n"},
    {"chunk line too long", BYTES_INIT(CHUNKED "1;abcd\r\nx\r\n0\r\n\r\n"),
     CHUNKED_HEAD "refused=chunk-line-too-long\n"},
    {"trailers too many", BYTES_INIT(CHUNKED "0\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n"),
     CHUNKED_HEAD "refused=headers-too-many\n"},
    {"trailers too long",
     BYTES_INIT(CHUNKED "0\r\na: 45678901234567890\r\nb: 45678901234567890\r\n\r\n"),
     CHUNKED_HEAD "refused=headers-too-long\n"},
};

static const struct row limits_of_responses[] = {
    {"body until close as long as may be", BYTES_INIT("HTTP/1.1 200 OK\r\n\r\nabcd"),
     "200 until-close close\nbody=abcd\nend\n"},
    {"body until close too long", BYTES_INIT("HTTP/1.1 200 OK\r\n\r\nabcde"),
     "200 until-close close\nbody=abcd\nrefused=body-too-long\n"},
};

static void check_cut(const struct transcript_options *options, const struct row *row,
                      const char *expected, size_t first, size_t step)
{
    struct buffer out;
    buffer_init(&out, 1 << 20);
    transcript_write(options, row->input, first, step, &out);
    buffer_append_byte(&out, '\0');
    if (strcmp(out.at, expected) != 0) {
        print_error("%s, cut at %zu, step %zu:\n--- expected\n%s--- got\n%s", row->name, first,
                    step, expected, out.at);
        fail();
    }
    buffer_clear(&out);
}

static void check_row(const struct transcript_options *options, const struct row *row,
                      const char *expected)
{
    for (size_t first = 0; first <= row->input.length; first++) {
        check_cut(options, row, expected, first, 0);
    }
    check_cut(options, row, expected, 0, 1);
    check_cut(options, row, expected, 0, 2);
    check_cut(options, row, expected, 1, 3);
}

static void check_rows(const struct transcript_options *options, const struct row *rows,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_row(options, &rows[i], rows[i].transcript);
    }
}

static void check_refusals(const struct transcript_options *options, const char *before,
                           const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char expected[256];
        (void)snprintf(expected, sizeof(expected), "%srefused=%s\n", before, rows[i].transcript);
        check_row(options, &rows[i], expected);
    }
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void test_reader__gives_what_requests_say(void **state)
{
    (void)state;
    check_rows(&(struct transcript_options){0}, accepted_requests, COUNT(accepted_requests));
}

static void test_reader__refuses_ambiguous_requests(void **state)
{
    (void)state;
    check_refusals(&(struct transcript_options){0}, "", refused_requests, COUNT(refused_requests));
}

static void test_reader__refuses_bad_chunks(void **state)
{
    (void)state;
    check_refusals(&(struct transcript_options){0}, CHUNKED_HEAD, refused_chunks,
                   COUNT(refused_chunks));
    check_refusals(&(struct transcript_options){0}, CHUNKED_HEAD "body=x\n", refused_after_one_byte,
                   COUNT(refused_after_one_byte));
}

static void test_reader__gives_what_responses_say(void **state)
{
    (void)state;
    check_rows(&(struct transcript_options){.responses = true, .finish = true}, accepted_responses,
               COUNT(accepted_responses));
}

static void test_reader__refuses_ambiguous_responses(void **state)
{
    (void)state;
    check_refusals(&(struct transcript_options){.responses = true}, "", refused_responses,
                   COUNT(refused_responses));
}

static void test_reader__knows_that_answers_to_head_have_no_body(void **state)
{
    (void)state;
    static const struct row row = {
        "answer to HEAD, then to GET",
        BYTES_INIT("HTTP/1.1 100 \r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        "200 [content-length=2]\nend\n200 [content-length=2] length=2\nbody=ok\nend\n"};
    check_row(&(struct transcript_options){.responses = true, .head_only = true}, &row,
              row.transcript);
}

static void test_reader__keeps_to_its_limits(void **state)
{
    (void)state;
    struct transcript_options options = {.limits = small_limits};
    options.limits.headers = 40;
    check_rows(&options, limits_of_requests, COUNT(limits_of_requests));
    check_rows(
        &(struct transcript_options){.responses = true, .finish = true, .limits = small_limits},
        limits_of_responses, COUNT(limits_of_responses));
}

static void test_reader__refuses_data_after_a_close(void **state)
{
    (void)state;
    static const struct row row = {"data after close", BYTES_INIT(GET "Connection: close\r\n\r\nG"),
                                   "GET / host=h [host=h] [connection=close] close\nend\n"
                                   "refused=data-after-close\n"};
    check_row(&(struct transcript_options){0}, &row, row.transcript);
}

static void test_reader__says_the_same_refusal_again(void **state)
{
    (void)state;
    struct http_reader *reader = NULL;
    assert_true(amanat_is_ok(http_reader_new_for_requests(NULL, &reader)));
    assert_true(http_reader_is_idle(reader));
    struct bytes input = BYTES("\n" GET "\r\n");
    struct http_event event;
    for (int i = 0; i < 3; i++) {
        http_reader_read(reader, &input, &event);
        assert_int_equal(event.kind, HTTP_EVENT_REFUSED);
        assert_int_equal(event.refusal, HTTP_REFUSAL_BARE_LF);
    }
    http_reader_finish(reader, &event);
    assert_int_equal(event.refusal, HTTP_REFUSAL_BARE_LF);
    assert_false(http_reader_is_idle(reader));
    http_reader_free(reader);
}

static void test_reader__leaves_the_next_message_unread(void **state)
{
    (void)state;
    struct http_reader *reader = NULL;
    assert_true(amanat_is_ok(http_reader_new_for_requests(NULL, &reader)));
    struct bytes input = BYTES(GET "\r\n" POST);
    struct http_event event;
    http_reader_read(reader, &input, &event);
    assert_int_equal(event.kind, HTTP_EVENT_REQUEST);
    http_reader_read(reader, &input, &event);
    assert_int_equal(event.kind, HTTP_EVENT_END);
    assert_true(bytes_equal(input, BYTES(POST)));
    assert_true(http_reader_is_idle(reader));
    http_reader_free(reader);
}

static void test_refusal__has_a_name_and_a_status_for_every_row(void **state)
{
    (void)state;
    for (int i = 1; i < HTTP_REFUSAL_COUNT; i++) {
        const unsigned status = http_refusal_status((enum http_refusal)i);
        assert_true(status == 400 || status == 413 || status == 431 || status == 503 ||
                    status == 505);
        assert_true(strlen(http_refusal_name((enum http_refusal)i)) > 3);
    }
    assert_int_equal(http_refusal_status(HTTP_REFUSAL_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader__gives_what_requests_say),
        cmocka_unit_test(test_reader__refuses_ambiguous_requests),
        cmocka_unit_test(test_reader__refuses_bad_chunks),
        cmocka_unit_test(test_reader__gives_what_responses_say),
        cmocka_unit_test(test_reader__refuses_ambiguous_responses),
        cmocka_unit_test(test_reader__knows_that_answers_to_head_have_no_body),
        cmocka_unit_test(test_reader__keeps_to_its_limits),
        cmocka_unit_test(test_reader__refuses_data_after_a_close),
        cmocka_unit_test(test_reader__says_the_same_refusal_again),
        cmocka_unit_test(test_reader__leaves_the_next_message_unread),
        cmocka_unit_test(test_refusal__has_a_name_and_a_status_for_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
