package dev.rondo.tokenizers;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;

/**
 * A {@code tokenizer.json} of byte pairs (Sennrich, Haddow and Birch, 2016) over bytes, as that of GPT-2 but for its
 * size: a token for each byte, and four merges.
 */
final class ByteLevelTokenizer {
    static final int TH = 256;
    static final int THE = 257;
    static final int SPACE_THE = 258;
    static final int AT = 259;
    static final int SIZE = 260;

    private ByteLevelTokenizer() {}

    static String json() {
        JsonObject all = JsonParser.parseString("""
                {"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
                 "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
                                   "use_regex": true},
                 "post_processor": null,
                 "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
                 "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                           "end_of_word_suffix": null, "fuse_unk": false, "vocab": {},
                           "merges": ["t h", "th e", "\u0120 the", "a t"]}}
                """).getAsJsonObject();
        JsonObject vocabulary = all.getAsJsonObject("model").getAsJsonObject("vocab");
        int next = 256;
        for (int b = 0; b < 256; b++) {
            // Bytes that are no visible Latin-1 stand for themselves by characters beyond it.
            boolean visible = b > ' ' && b < 0x7F || b > 0xA0 && b != 0xAD;
            vocabulary.addProperty(Character.toString(visible ? b : next++), b);
        }
        vocabulary.addProperty("th", TH);
        vocabulary.addProperty("the", THE);
        vocabulary.addProperty("\u0120the", SPACE_THE);
        vocabulary.addProperty("at", AT);
        return all.toString();
    }
}
