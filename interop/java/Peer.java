// The JDK's own java.net.http.WebSocket as a client of the echo server:
// java Peer.java URL SUBPROTOCOL. Prints `ok NAME` or `not ok NAME: REASON`
// for each check; judges/programs.py reads those lines.

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class Peer {
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static URI uri;
    static String subprotocol;

    /** A close frame as it arrived. */
    record Closed(int code, String reason) {}

    /** A pong and its payload. */
    record Pong(String payload) {}

    /** Puts whole messages, pongs and the close into a queue, in order. */
    static class Inbox implements WebSocket.Listener {
        final BlockingQueue<Object> queue = new LinkedBlockingQueue<>();
        final StringBuilder text = new StringBuilder();
        final ByteArrayOutputStream binary = new ByteArrayOutputStream();

        public CompletionStage<?> onText(WebSocket ws, CharSequence data, boolean last) {
            text.append(data);
            if (last) {
                queue.add(text.toString());
                text.setLength(0);
            }
            ws.request(1);
            return null;
        }

        public CompletionStage<?> onBinary(WebSocket ws, ByteBuffer data, boolean last) {
            byte[] bytes = new byte[data.remaining()];
            data.get(bytes);
            binary.writeBytes(bytes);
            if (last) {
                queue.add(binary.toByteArray());
                binary.reset();
            }
            ws.request(1);
            return null;
        }

        public CompletionStage<?> onPong(WebSocket ws, ByteBuffer payload) {
            byte[] bytes = new byte[payload.remaining()];
            payload.get(bytes);
            queue.add(new Pong(new String(bytes)));
            ws.request(1);
            return null;
        }

        public CompletionStage<?> onClose(WebSocket ws, int code, String reason) {
            queue.add(new Closed(code, reason));
            return null;
        }

        public void onError(WebSocket ws, Throwable error) {
            queue.add(error);
        }

        Object next() throws Exception {
            Object arrived = queue.poll(10, TimeUnit.SECONDS);
            if (arrived == null) throw new Exception("nothing came within 10 s");
            return arrived;
        }

        void expect(Object want) throws Exception {
            Object got = next();
            boolean same = want instanceof byte[] bytes
                    ? got instanceof byte[] other && Arrays.equals(bytes, other)
                    : want.equals(got);
            if (!same) throw new Exception("got " + show(got) + ", want " + show(want));
        }
    }

    static String show(Object value) {
        if (value instanceof byte[] bytes) return bytes.length + " bytes";
        String text = String.valueOf(value);
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }

    static WebSocket open(Inbox inbox) throws Exception {
        return HTTP.newWebSocketBuilder().buildAsync(uri, inbox).get(10, TimeUnit.SECONDS);
    }

    static void send(WebSocket ws, CharSequence data, boolean last) throws Exception {
        ws.sendText(data, last).get(10, TimeUnit.SECONDS);
    }

    static void send(WebSocket ws, byte[] data, boolean last) throws Exception {
        ws.sendBinary(ByteBuffer.wrap(data), last).get(10, TimeUnit.SECONDS);
    }

    static void echoText(String message) throws Exception {
        Inbox inbox = new Inbox();
        WebSocket ws = open(inbox);
        send(ws, message, true);
        inbox.expect(message);
        ws.sendClose(WebSocket.NORMAL_CLOSURE, "");
    }

    static void echoBinary(byte[] message) throws Exception {
        Inbox inbox = new Inbox();
        WebSocket ws = open(inbox);
        send(ws, message, true);
        inbox.expect(message);
        ws.sendClose(WebSocket.NORMAL_CLOSURE, "");
    }

    static void fragmented() throws Exception {
        Inbox inbox = new Inbox();
        WebSocket ws = open(inbox);
        send(ws, "Hel", false);
        send(ws, "lo ", false);
        ws.sendPing(ByteBuffer.wrap("between".getBytes())).get();
        // A pong may come in the middle of a message, so it comes first here.
        inbox.expect(new Pong("between"));
        send(ws, "you", true);
        inbox.expect("Hello you");
        ws.sendClose(WebSocket.NORMAL_CLOSURE, "");
    }

    static void pipelined() throws Exception {
        Inbox inbox = new Inbox();
        WebSocket ws = open(inbox);
        for (int i = 0; i < 1000; i++) send(ws, "message " + i + " " + "x".repeat(i % 97), true);
        for (int i = 0; i < 1000; i++) inbox.expect("message " + i + " " + "x".repeat(i % 97));
        ws.sendClose(WebSocket.NORMAL_CLOSURE, "");
    }

    static void close(int code, String reason) throws Exception {
        Inbox inbox = new Inbox();
        WebSocket ws = open(inbox);
        ws.sendClose(code, reason).get(10, TimeUnit.SECONDS);
        Object got = inbox.next();
        // The answer has the code; the reason may be left out.
        if (!got.equals(new Closed(code, reason)) && !got.equals(new Closed(code, ""))) {
            throw new Exception("closed with " + code + " " + reason + ", got " + show(got));
        }
    }

    static void ping() throws Exception {
        Inbox inbox = new Inbox();
        WebSocket ws = open(inbox);
        ws.sendPing(ByteBuffer.wrap("payload".getBytes())).get();
        inbox.expect(new Pong("payload"));
        ws.sendClose(WebSocket.NORMAL_CLOSURE, "");
    }

    static void chosenSubprotocol() throws Exception {
        WebSocket ws = HTTP.newWebSocketBuilder()
                .subprotocols("unknown.example", subprotocol)
                .buildAsync(uri, new Inbox())
                .get(10, TimeUnit.SECONDS);
        if (!ws.getSubprotocol().equals(subprotocol)) {
            throw new Exception("got '" + ws.getSubprotocol() + "', want " + subprotocol);
        }
        ws.sendClose(WebSocket.NORMAL_CLOSURE, "");
    }

    static void abrupt() throws Exception {
        WebSocket ws = open(new Inbox());
        send(ws, "half of it", false);
        ws.abort();
        echoText("the next one");
    }

    interface Check {
        void run() throws Exception;
    }

    static void check(String name, Check check) {
        try {
            check.run();
            System.out.println("ok " + name);
        } catch (Throwable error) {
            System.out.println("not ok " + name + ": " + String.valueOf(error).replace('\n', ' '));
        }
    }

    public static void main(String[] arguments) {
        uri = URI.create(arguments[0]);
        subprotocol = arguments[1];
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) all[i] = (byte) i;
        // 251 is no power of two, so that a lost or repeated block shows.
        byte[] big = new byte[16 * 1024 * 1024];
        for (int i = 0; i < big.length; i++) big[i] = (byte) (i % 251);

        check("text", () -> echoText("Gr\u00fc\u00dfe, \u4e16\u754c \uD83D\uDC4B"));
        check("binary", () -> echoBinary(all));
        check("empty", () -> {
            echoText("");
            echoBinary(new byte[0]);
        });
        check("16 MiB", () -> echoBinary(big));
        check("fragmented", Peer::fragmented);
        check("1000 pipelined", Peer::pipelined);
        check("close codes", () -> {
            close(1000, "bye");
            close(3000, "custom");
            close(4999, "\u00fc".repeat(61) + "!");
        });
        check("ping", Peer::ping);
        check("subprotocol", Peer::chosenSubprotocol);
        check("abrupt end", Peer::abrupt);
        // The client's threads would keep the program alive.
        System.exit(0);
    }
}
