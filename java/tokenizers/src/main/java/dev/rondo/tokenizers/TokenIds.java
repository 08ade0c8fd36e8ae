package dev.rondo.tokenizers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.OptionalInt;

/**
 * What a {@code tokenizer.json} says of its tokens' numbers, for which the library has no call.
 *
 * @param size one more than the largest
 * @param unknown that of what the tokenizer lacks; empty if there is none
 */
record TokenIds(int size, OptionalInt unknown) {
    /**
     * {@return what {@code json} says}
     *
     * @throws IllegalArgumentException if it is not that of a tokenizer
     */
    static TokenIds of(String json) {
        try {
            JsonObject all = JsonParser.parseString(json).getAsJsonObject();
            JsonObject model = all.getAsJsonObject("model");
            JsonElement vocabulary = model.get("vocab");
            int largest = vocabulary.isJsonArray() ? vocabulary.getAsJsonArray().size() - 1 : -1; // of pairs, by place
            if (vocabulary.isJsonObject()) {
                for (JsonElement id : vocabulary.getAsJsonObject().asMap().values()) {
                    largest = Math.max(largest, id.getAsInt());
                }
            }
            JsonArray added = all.getAsJsonArray("added_tokens");
            for (JsonElement token : added == null ? new JsonArray() : added) {
                largest = Math.max(largest, token.getAsJsonObject().get("id").getAsInt());
            }
            return new TokenIds(largest + 1, unknown(model, vocabulary));
        } catch (JsonParseException | IllegalStateException | ClassCastException | NullPointerException e) {
            throw new IllegalArgumentException("tokenizer: expected a tokenizer.json, got another text", e);
        }
    }

    private static OptionalInt unknown(JsonObject model, JsonElement vocabulary) {
        JsonElement id = model.get("unk_id");
        JsonElement word = model.get("unk_token");
        if (id != null && !id.isJsonNull()) {
            return OptionalInt.of(id.getAsInt());
        }
        boolean known = word != null && !word.isJsonNull() && vocabulary.isJsonObject()
                && vocabulary.getAsJsonObject().has(word.getAsString());
        return known
                ? OptionalInt.of(vocabulary.getAsJsonObject().get(word.getAsString()).getAsInt())
                : OptionalInt.empty();
    }
}
