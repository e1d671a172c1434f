"""Invented people and places. Nobody here exists: phone numbers are 555-01xx, mail goes to example.org."""

GIVEN = (
    "Abigail", "Adela", "Alma", "Amara", "Anita", "Beatriz", "Bonnie", "Brenda", "Camila", "Carmen", "Celeste", "Clara",
    "Dalia", "Daphne", "Delia", "Edith", "Elena", "Esther", "Fern", "Flora", "Gloria", "Graciela", "Hazel", "Ines",
    "Iris", "Ivonne", "Jasmine", "Josefina", "Joyce", "Julia", "Leonor", "Lidia", "Lorena", "Lucille", "Mabel", "Maite",
    "Marisol", "Martha", "Nadia", "Natalia", "Nora", "Olivia", "Opal", "Paloma", "Patience", "Pilar", "Quinn", "Ramona",
    "Rhea", "Rosario", "Ruth", "Salma", "Selena", "Sonia", "Sylvia", "Teresa", "Thea", "Valeria", "Vera", "Wanda",
    "Ximena", "Yolanda", "Yvette", "Zoraida",
)  # fmt: skip
GIVEN_OTHERS = (
    "Adrian", "Andres", "Calvin", "Diego", "Elias", "Ernesto", "Felix", "Gael", "Hector", "Ivan", "Jonah", "Julian",
    "Leo", "Lucas", "Marco", "Mateo", "Nico", "Omar", "Oscar", "Rafael", "Reuben", "Saul", "Tomas", "Wyatt",
)  # fmt: skip
FAMILY = (
    "Abbott", "Aguilar", "Alder", "Barrera", "Beckett", "Benitez", "Birch", "Bravo", "Caldwell", "Campos", "Cardenas",
    "Carver", "Castillo", "Cole", "Cordero", "Dalton", "Delgado", "Ellery", "Escobar", "Fairley", "Fuentes", "Galindo",
    "Garner", "Hale", "Herrera", "Hollis", "Ibarra", "Jardine", "Keller", "Lacey", "Linares", "Lozano", "Marlow",
    "Medrano", "Merritt", "Montes", "Navarro", "Nash", "Ocampo", "Orozco", "Paredes", "Pryor", "Quintero", "Rainer",
    "Robledo", "Salinas", "Sawyer", "Serrano", "Sutton", "Tamayo", "Thorne", "Urbina", "Valdez", "Vance", "Whitaker",
    "Winslow", "Yates", "Zamora",
)  # fmt: skip
STREETS = (
    "Alderbrook Lane", "Cinder Hill Road", "Foxglove Street", "Gristmill Road", "Heron Court", "Juniper Row",
    "Kestrel Avenue", "Larkspur Street", "Millrace Road", "Old Quarry Road", "Pinecone Terrace", "Saltbox Lane",
    "Tannery Street", "Willowmere Drive",
)  # fmt: skip
TOWNS = ("Arden", "East Arden", "Ferris Mill", "Larch Crossing", "Stony Ford")
WORDS = (
    "acorn", "amber", "anchor", "apple", "arbor", "aspen", "autumn", "badger", "bamboo", "barley", "basket", "beacon",
    "birch", "bonnet", "border", "branch", "breeze", "bridge", "bronze", "brook", "bucket", "butter", "button", "cabin",
    "candle", "canyon", "carbon", "cedar", "chalk", "cherry", "clover", "cobalt", "copper", "coral", "cotton", "cradle",
    "crater", "cricket", "crystal", "dahlia", "daisy", "dapple", "desert", "dolphin", "domino", "drizzle", "ember",
    "engine", "fabric", "falcon", "feather", "fennel", "fiddle", "flannel", "forest", "fossil", "garden", "garnet",
    "ginger", "glacier", "granite", "gravel", "hammock", "harbor", "harvest", "hazel", "heather", "hedge", "heron",
    "hollow", "honey", "indigo", "island", "ivory", "jasper", "juniper", "kernel", "kettle", "kindle", "ladder",
    "lagoon", "lantern", "lattice", "lavender", "lemon", "lentil", "lilac", "linen", "lumber", "magnet", "mallow",
    "maple", "marble", "meadow", "mellow", "mimosa", "mirror", "mitten", "morning", "mosaic", "mustard", "nectar",
    "needle", "nickel", "nutmeg", "oatmeal", "olive", "onyx", "orchard", "otter", "oyster", "paddle", "pantry",
    "parsley", "pebble", "pencil", "pepper", "petal", "pigeon", "pillow", "pine", "planet", "pocket", "pollen",
    "poplar", "prairie", "pumpkin", "quartz", "quill", "quilt", "rabbit", "raisin", "ramble", "raven", "ribbon",
    "river", "robin", "rocket", "saddle", "saffron", "sandal", "sapling", "satin", "season", "shadow", "shelter",
    "silver", "sparrow", "spruce", "squash", "starling", "stencil", "summer", "sunset", "swallow", "sycamore", "tablet",
    "tangle", "teapot", "thicket", "thimble", "thistle", "timber", "topaz", "tractor", "trellis", "tulip", "tundra",
    "turnip", "umber", "valley", "velvet", "verbena", "violet", "walnut", "wander", "warbler", "willow", "window",
    "winter", "yarrow", "zephyr", "zinnia",
)  # fmt: skip
