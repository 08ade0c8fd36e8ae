package dev.rondo.cli.report;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.StreamSupport;

/** A headless Chromium with one tab, told what to do by the Chrome DevTools Protocol. */
final class Chromium implements AutoCloseable {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

    private static final Gson GSON = new Gson();

    private final Process process;
    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<Integer, CompletableFuture<JsonObject>> answers = new ConcurrentHashMap<>();
    private final CompletableFuture<Object> gone = new CompletableFuture<>(); // fails when it will not answer any more
    private final List<JsonObject> events = new CopyOnWriteArrayList<>();
    private CompletableFuture<Void> loaded = new CompletableFuture<>();
    private WebSocket socket;
    private int calls;

    private Chromium(Process process) {
        this.process = process;
        process.onExit().thenAccept(ended -> gone.completeExceptionally(
                new IOException("the browser ended: exit code " + ended.exitValue())));
    }

    /** Waits as long as it takes, while there is a browser that can answer. */
    private <V> V await(CompletableFuture<V> answer) throws Exception {
        CompletableFuture.anyOf(answer, gone).get();
        return answer.get();
    }

    /** Skips the test if there is no Chromium here; fails it with {@code -Drondo.require=chromium}. */
    static Path assumeInstalled() {
        Optional<Path> found = Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .flatMap(directory -> NAMES.stream().map(name -> Path.of(directory, name)))
                .filter(Files::isExecutable)
                .findFirst();
        boolean required = Arrays.asList(System.getProperty("rondo.require", "").split(",")).contains("chromium");
        assertFalse(required && found.isEmpty(), "-Drondo.require=chromium, and none of " + NAMES + " in PATH");
        assumeTrue(found.isPresent(), () -> "none of " + NAMES + " in PATH");
        return found.orElseThrow();
    }

    /** Starts it; {@code profile} is a directory of its own. No sandbox, which root cannot have: the pages are ours. */
    static Chromium start(Path program, Path profile) throws Exception {
        Process process = new ProcessBuilder(program.toString(), "--headless", "--no-sandbox", "--disable-gpu",
                "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--remote-debugging-port=0", "--user-data-dir=" + profile, "about:blank")
                .redirectErrorStream(true).redirectOutput(profile.resolve("output.txt").toFile()).start();
        var chromium = new Chromium(process);
        try {
            chromium.connect(profile);
        } catch (Exception | Error e) {
            chromium.close();
            throw e;
        }
        return chromium;
    }

    private void connect(Path profile) throws Exception {
        Path port = profile.resolve("DevToolsActivePort");
        while (!Files.exists(port) || Files.readAllLines(port).size() < 2) {
            assertTrue(process.isAlive(), () -> "it ended: " + output(profile));
            Thread.sleep(20);
        }
        URI tabs = URI.create("http://127.0.0.1:" + Files.readAllLines(port).getFirst() + "/json/list");
        JsonElement list = JsonParser.parseString(
                await(http.sendAsync(HttpRequest.newBuilder(tabs).build(), BodyHandlers.ofString())).body());
        String tab = StreamSupport.stream(list.getAsJsonArray().spliterator(), false).map(JsonElement::getAsJsonObject)
                .filter(target -> target.get("type").getAsString().equals("page"))
                .map(target -> target.get("webSocketDebuggerUrl").getAsString()).findFirst().orElseThrow();
        socket = await(http.newWebSocketBuilder().buildAsync(URI.create(tab), new Answers()));
        for (String domain : List.of("Page", "Runtime", "Log", "Network")) {
            call(domain + ".enable", Map.of());
        }
    }

    private static String output(Path profile) {
        try {
            return Files.readString(profile.resolve("output.txt"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Puts messages together, and hands them to whom they are for. */
    private final class Answers implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
            text.append(part);
            if (last) {
                JsonObject message = JsonParser.parseString(text.toString()).getAsJsonObject();
                text.setLength(0);
                if (message.has("id")) {
                    answers.remove(message.get("id").getAsInt()).complete(message);
                } else {
                    events.add(message);
                    if (message.get("method").getAsString().equals("Page.loadEventFired")) {
                        loaded.complete(null);
                    }
                }
            }
            from.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket from, int code, String reason) {
            gone.completeExceptionally(new IOException("the browser hung up: " + code + " " + reason));
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            gone.completeExceptionally(error);
        }
    }

    private JsonObject call(String method, Map<String, ?> parameters) throws Exception {
        int id = ++calls;
        var answer = new CompletableFuture<JsonObject>();
        answers.put(id, answer);
        socket.sendText(GSON.toJson(Map.of("id", id, "method", method, "params", parameters)), true);
        JsonObject message = await(answer);
        if (message.has("error")) {
            fail(method + ": " + message);
        }
        return message.getAsJsonObject("result");
    }

    /** Shows a page in a window of {@code width} CSS pixels, dark or light, and waits until it is loaded. */
    void open(Path page, int width, String scheme) throws Exception {
        call("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", false));
        call("Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
        events.clear();
        loaded = new CompletableFuture<>();
        call("Page.navigate", Map.of("url", page.toUri().toString()));
        await(loaded);
    }

    /** {@return the value of a JavaScript expression} */
    JsonElement evaluate(String expression) throws Exception {
        JsonObject result = call("Runtime.evaluate", Map.of("expression", expression, "returnByValue", true));
        assertFalse(result.has("exceptionDetails"), () -> expression + ": " + result);
        return result.getAsJsonObject("result").get("value");
    }

    int count(String selector) throws Exception {
        return evaluate("document.querySelectorAll('" + selector + "').length").getAsInt();
    }

    /** Moves the mouse to a place in the window. */
    void point(double x, double y) throws Exception {
        call("Input.dispatchMouseEvent", Map.of("type", "mouseMoved", "x", x, "y", y));
    }

    /** {@return what the page complained about on its console, and what it threw or was refused} */
    List<String> problems() {
        List<String> complaints = List.of("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded");
        return events.stream().filter(event -> complaints.contains(event.get("method").getAsString()))
                .map(JsonObject::toString).toList();
    }

    /** {@return what it asked for, itself included} */
    List<String> requests() {
        return events.stream().filter(event -> event.get("method").getAsString().equals("Network.requestWillBeSent"))
                .map(event -> event.getAsJsonObject("params").getAsJsonObject("request").get("url").getAsString())
                .toList();
    }

    /** Takes a picture of the whole page. */
    void screenshot(Path png) throws Exception {
        JsonObject picture = call("Page.captureScreenshot", Map.of("captureBeyondViewport", true, "clip", Map.of(
                "x", 0, "y", 0, "width", evaluate("document.documentElement.scrollWidth").getAsInt(),
                "height", evaluate("document.documentElement.scrollHeight").getAsInt(), "scale", 1)));
        Files.write(png, Base64.getDecoder().decode(picture.get("data").getAsString()));
    }

    /** Asks it to end, so that it clears its temporary files away; makes it end if it cannot be asked. */
    @Override
    public void close() {
        try {
            call("Browser.close", Map.of());
        } catch (Exception e) {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        }
        process.onExit().join();
        http.shutdownNow();
    }
}
