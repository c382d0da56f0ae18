"""What customers say, in languages that are written with Latin letters and that no word list of ours knows."""

REVIEWS = {
    "Polish": (
        "Obsługa była bardzo miła i pomocna, na pewno tu wrócę.",
        "Przesyłka dotarła uszkodzona, a sklep nie odpowiada na moje wiadomości.",
        "Czekam na zwrot pieniędzy już od trzech tygodni.",
        "Jedzenie było zimne, a kelner nieuprzejmy.",
        "Świetna jakość w rozsądnej cenie, polecam każdemu.",
        "Nie mogę zalogować się na swoje konto od wczoraj.",
    ),
    "Turkish": (
        "Ürün elime hasarlı ulaştı, iade etmek istiyorum.",
        "Kargo çok hızlıydı, teşekkür ederim.",
        "Yemekler soğuktu ve garson ilgisizdi.",
        "Bu telefonu herkese tavsiye ederim, pili uzun süre gidiyor.",
        "Hesabıma giriş yapamıyorum, şifremi unuttum.",
        "Otelin konumu harika ama odalar küçüktü.",
    ),
    "Swedish": (
        "Maten var kall och personalen var otrevlig.",
        "Jag väntar fortfarande på mitt paket sedan tre veckor.",
        "Mycket bra kvalitet till ett rimligt pris, rekommenderas varmt.",
        "Jag kan inte logga in på mitt konto sedan igår.",
        "Hotellet ligger nära stationen och frukosten var utmärkt.",
        "Varan var trasig när den kom fram, jag vill ha pengarna tillbaka.",
    ),
    "Vietnamese": (
        "Nhân viên phục vụ rất nhiệt tình và thân thiện.",
        "Hàng giao chậm và bị hỏng, tôi muốn trả lại.",
        "Chất lượng tốt so với giá tiền, rất đáng mua.",
        "Tôi không thể đăng nhập vào tài khoản của mình.",
        "Khách sạn gần trung tâm, bữa sáng ngon.",
        "Điện thoại hết pin chỉ sau hai giờ, thật thất vọng.",
    ),
    "Indonesian": (
        "Makanannya dingin dan pelayannya tidak ramah.",
        "Saya masih menunggu paket saya sejak tiga minggu lalu.",
        "Kualitas sangat bagus dengan harga terjangkau, saya rekomendasikan.",
        "Saya tidak bisa masuk ke akun saya sejak kemarin.",
        "Hotelnya dekat stasiun dan sarapannya enak sekali.",
        "Barang rusak saat tiba, saya ingin uang kembali.",
    ),
}
