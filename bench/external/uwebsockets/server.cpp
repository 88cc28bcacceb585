// Echoes or broadcasts with uWebSockets, as `--external` wants it: the service is the first argument, the
// first line printed is the address, and it ends with its standard input.

#include <cstdio>
#include <string_view>
#include <thread>

#include <unistd.h>

#include "App.h"

struct Connection {
    bool sends;
};

static constexpr int MAX_BYTES = 64 << 20;

static void end_with_standard_input() {
    std::thread([] {
        for (char byte; read(STDIN_FILENO, &byte, 1) > 0;) {
        }
        _exit(0);
    }).detach();
}

int main(int count, char **arguments) {
    std::string_view service = count > 1 ? arguments[1] : "echo";
    bool broadcasts = service == "broadcast";
    bool deflates = service == "echo-deflate";
    end_with_standard_input();

    uWS::App app;
    uWS::App::WebSocketBehavior<Connection> behavior;
    // Its leanest: one compressor for all connections, so none keeps a window.
    behavior.compression = uWS::DISABLED;
    if (deflates) {
        behavior.compression = uWS::CompressOptions(uWS::SHARED_COMPRESSOR | uWS::SHARED_DECOMPRESSOR);
    }
    behavior.maxPayloadLength = MAX_BYTES;
    behavior.maxBackpressure = MAX_BYTES;
    behavior.idleTimeout = 960;
    behavior.sendPingsAutomatically = false;
    behavior.upgrade = [](auto *response, auto *request, auto *context) {
        Connection connection{request->getUrl() == "/sender"};
        response->template upgrade<Connection>(
            std::move(connection), request->getHeader("sec-websocket-key"),
            request->getHeader("sec-websocket-protocol"), request->getHeader("sec-websocket-extensions"), context);
    };
    behavior.open = [=](auto *socket) {
        if (broadcasts && !socket->getUserData()->sends) {
            socket->subscribe("all");
        }
    };
    behavior.message = [=, &app](auto *socket, std::string_view message, uWS::OpCode opcode) {
        if (broadcasts) {
            app.publish("all", message, opcode);
        } else {
            socket->send(message, opcode, deflates);
        }
    };
    app.ws<Connection>("/*", std::move(behavior));
    app.listen("127.0.0.1", 0, [](auto *listener) {
        if (!listener) {
            fputs("no port can be had\n", stderr);
            _exit(1);
        }
        printf("127.0.0.1:%d\n", us_socket_local_port(0, (us_socket_t *)listener));
        fflush(stdout);
    });
    app.run();
}
