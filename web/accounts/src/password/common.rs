//! The passwords of at least eight characters that attackers try first, in lower case.
//!
//! Short on purpose: it stops the guesses that come within the throttle's tries. Sorted, so that a
//! look-up is a binary search; a test holds it to that.

#[rustfmt::skip]
const COMMON: &[&str] = &[
    "00000000", "0123456789", "0987654321", "10203040", "11111111", "111111111", "1111111111",
    "11112222", "11223344", "1122334455", "112233445566", "12121212", "12312312", "123123123",
    "123123123a", "123321123", "12341234", "12344321", "1234554321", "12345678", "123456789",
    "1234567890", "1234567891", "12345678910", "123456789a", "123456789q", "12345678a",
    "123456abc", "1234qwer", "123654789", "123qweasd", "12qwaszx", "13131313", "1470258369",
    "147258369", "147852369", "159753456", "1a2b3c4d", "1g2w3e4r", "1q2w3e4r", "1q2w3e4r5t",
    "1q2w3e4r5t6y", "1qaz2wsx", "1qaz2wsx3edc", "1qazxsw2", "20202020", "22222222", "33333333",
    "3rjs1la7qe", "44444444", "55555555", "555555555", "66666666", "69696969", "77777777",
    "777777777", "789456123", "7894561230", "87654321", "88888888", "888888888", "963852741",
    "98765432", "987654321", "9876543210", "99999999", "999999999", "a1234567", "a12345678",
    "a123456789", "a1b2c3d4", "aa123456", "aa12345678", "aaaaaaaa", "abc12345", "abc123456",
    "abcd1234", "abcdefg1", "abcdefgh", "access14", "admin123", "admin1234", "administrator",
    "alexander", "anthony1", "asd12345", "asdasdasd", "asdf1234", "asdfasdf", "asdfghjk",
    "asdfghjkl", "azerty123", "azertyuiop", "babygirl", "babygirl1", "barcelona", "baseball",
    "baseball1", "basketball", "blink182", "butterfly", "caroline", "changeme", "changeme1",
    "charlie1", "charlotte", "chocolate", "christian", "christopher", "cocacola", "computer",
    "creative", "danielle", "dragon123", "drowssap", "einstein", "elephant", "elizabeth",
    "football", "football1", "forever1", "fuckyou1", "gabriel1", "garfield", "ghjcnjgfhjkm",
    "godzilla", "guinness", "hannah12", "hello123", "hellohello", "iloveyou", "iloveyou!",
    "iloveyou1", "iloveyou2", "internet", "isabella", "jennifer", "jessica1", "jonathan",
    "jordan23", "justin12", "killer123", "lakers24", "letmein1", "letmein123", "liverpool",
    "liverpool1", "lol12345", "loveyou1", "marlboro", "master123", "mercedes", "metallica",
    "michael1", "michelle", "midnight", "minecraft", "monkey12", "monkey123", "mustang1",
    "myspace1", "nicholas", "nicole12", "non-stop", "p@ssw0rd", "p@ssword", "pa$$w0rd",
    "pa55word", "pass1234", "passw0rd", "password", "password!", "password1", "password1!",
    "password12", "password123", "password1234", "password2", "patricia", "playstation",
    "pokemon1", "princess", "princess1", "q1w2e3r4", "q1w2e3r4t5", "q1w2e3r4t5y6", "qazwsx123",
    "qazwsxedc", "qwe12345", "qweasd123", "qweasdzx", "qweasdzxc", "qweqweqwe", "qwer1234",
    "qwerasdf", "qwert123", "qwert12345", "qwerty12", "qwerty123", "qwerty1234", "qwerty12345",
    "qwertyui", "qwertyuiop", "rockyou1", "s3cur1ty", "samantha", "sample123", "samsung1",
    "scorpion", "secret123", "september", "shopping", "soccer12", "spiderman", "spiderman1",
    "starwars", "starwars1", "steelers", "stephanie", "sunshine", "sunshine1", "superman",
    "superman1", "superstar", "sweetheart", "swordfish", "target123", "test1234", "testtest",
    "tinkerbell", "trustno1", "unknown1", "user1234", "veronica", "victoria", "welcome1",
    "welcome123", "whatever", "whatever1", "william1", "woaini1314", "wordpass", "x4ivyga51f",
    "zaq12wsx", "zaq1zaq1", "zxcvbnm,", "zxcvbnm1", "zxcvbnm123", "zxcvzxcv", "zzzzzzzz",
];

/// Whether a password, in lower case, is one of them.
pub(super) fn contains(folded: &str) -> bool {
    COMMON.binary_search(&folded).is_ok()
}

#[cfg(test)]
#[test]
fn the_list_is_sorted_lower_case_and_of_lengths_that_the_policy_lets_through() {
    assert!(COMMON.is_sorted());
    assert!(
        COMMON
            .iter()
            .all(|word| word.len() >= 8 && *word == word.to_lowercase())
    );
}
