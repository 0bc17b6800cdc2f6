/* class_names_table.c -- class names of COCO, VOC, ImageNet and CIFAR-10, for files that
 * bring none. */
#include <string.h>

#include "layers/arch.h"

/* COCO in the label space of 90 ids; "N/A" are ids the data set never used. */
#define COCO90                                                                                 \
    "person\nbicycle\ncar\nmotorcycle\nairplane\nbus\ntrain\ntruck\nboat\ntraffic light\n"     \
    "fire hydrant\nN/A\nstop sign\nparking meter\nbench\nbird\ncat\ndog\nhorse\nsheep\ncow\n"  \
    "elephant\nbear\nzebra\ngiraffe\nN/A\nbackpack\numbrella\nN/A\nN/A\nhandbag\ntie\n"        \
    "suitcase\nfrisbee\nskis\nsnowboard\nsports ball\nkite\nbaseball bat\nbaseball glove\n"    \
    "skateboard\nsurfboard\ntennis racket\nbottle\nN/A\nwine glass\ncup\nfork\nknife\nspoon\n" \
    "bowl\nbanana\napple\nsandwich\norange\nbroccoli\ncarrot\nhot dog\npizza\ndonut\ncake\n"   \
    "chair\ncouch\npotted plant\nbed\nN/A\ndining table\nN/A\nN/A\ntoilet\nN/A\ntv\nlaptop\n"  \
    "mouse\nremote\nkeyboard\ncell phone\nmicrowave\noven\ntoaster\nsink\nrefrigerator\nN/A\n" \
    "book\nclock\nvase\nscissors\nteddy bear\nhair drier\ntoothbrush\n"
static const char coco90[] = COCO90;
/* The same with id 0, which the data set never used either. */
static const char coco91[] = "N/A\n" COCO90;

static const char voc21[] =
    "background\naeroplane\nbicycle\nbird\nboat\nbottle\nbus\ncar\ncat\nchair\ncow\n"
    "diningtable\ndog\nhorse\nmotorbike\nperson\npottedplant\nsheep\nsofa\ntrain\n"
    "tvmonitor\n";

static const char coco80[] =
    "person\nbicycle\ncar\nmotorcycle\nairplane\nbus\ntrain\ntruck\nboat\ntraffic light\n"
    "fire hydrant\nstop sign\nparking meter\nbench\nbird\ncat\ndog\nhorse\nsheep\ncow\n"
    "elephant\nbear\nzebra\ngiraffe\nbackpack\numbrella\nhandbag\ntie\nsuitcase\nfrisbee\n"
    "skis\nsnowboard\nsports ball\nkite\nbaseball bat\nbaseball glove\nskateboard\n"
    "surfboard\ntennis racket\nbottle\nwine glass\ncup\nfork\nknife\nspoon\nbowl\nbanana\n"
    "apple\nsandwich\norange\nbroccoli\ncarrot\nhot dog\npizza\ndonut\ncake\nchair\ncouch\n"
    "potted plant\nbed\ndining table\ntoilet\ntv\nlaptop\nmouse\nremote\nkeyboard\n"
    "cell phone\nmicrowave\noven\ntoaster\nsink\nrefrigerator\nbook\nclock\nvase\nscissors\n"
    "teddy bear\nhair drier\ntoothbrush\n";

static const char coco80_ids[] =
    "1,2,3,4,5,6,7,8,9,10,11,13,14,15,16,17,18,19,20,21,22,23,24,25,27,28,31,32,33,34,35,36,"
    "37,38,39,40,41,42,43,44,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,67,"
    "70,72,73,74,75,76,77,78,79,80,81,82,84,85,86,87,88,89,90";

static const char coco90_ids[] =
    "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,"
    "33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,"
    "62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,81,82,83,84,85,86,87,88,89,90";

static const char cifar10[] =
    "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n";

static const char imagenet1000[] =
    "tench\ngoldfish\ngreat white shark\ntiger shark\nhammerhead\nelectric ray\nstingray\n"
    "cock\nhen\nostrich\nbrambling\ngoldfinch\nhouse finch\njunco\nindigo bunting\nrobin\n"
    "bulbul\njay\nmagpie\nchickadee\nwater ouzel\nkite\nbald eagle\nvulture\ngreat grey owl\n"
    "European fire salamander\ncommon newt\neft\nspotted salamander\naxolotl\nbullfrog\n"
    "tree frog\ntailed frog\nloggerhead\nleatherback turtle\nmud turtle\nterrapin\n"
    "box turtle\nbanded gecko\ncommon iguana\nAmerican chameleon\nwhiptail\nagama\n"
    "frilled lizard\nalligator lizard\nGila monster\ngreen lizard\nAfrican chameleon\n"
    "Komodo dragon\nAfrican crocodile\nAmerican alligator\ntriceratops\nthunder snake\n"
    "ringneck snake\nhognose snake\ngreen snake\nking snake\ngarter snake\nwater snake\n"
    "vine snake\nnight snake\nboa constrictor\nrock python\nIndian cobra\ngreen mamba\n"
    "sea snake\nhorned viper\ndiamondback\nsidewinder\ntrilobite\nharvestman\nscorpion\n"
    "black and gold garden spider\nbarn spider\ngarden spider\nblack widow\ntarantula\n"
    "wolf spider\ntick\ncentipede\nblack grouse\nptarmigan\nruffed grouse\nprairie chicken\n"
    "peacock\nquail\npartridge\nAfrican grey\nmacaw\nsulphur-crested cockatoo\nlorikeet\n"
    "coucal\nbee eater\nhornbill\nhummingbird\njacamar\ntoucan\ndrake\n"
    "red-breasted merganser\ngoose\nblack swan\ntusker\nechidna\nplatypus\nwallaby\nkoala\n"
    "wombat\njellyfish\nsea anemone\nbrain coral\nflatworm\nnematode\nconch\nsnail\nslug\n"
    "sea slug\nchiton\nchambered nautilus\nDungeness crab\nrock crab\nfiddler crab\n"
    "king crab\nAmerican lobster\nspiny lobster\ncrayfish\nhermit crab\nisopod\nwhite stork\n"
    "black stork\nspoonbill\nflamingo\nlittle blue heron\nAmerican egret\nbittern\n"
    "crane bird\nlimpkin\nEuropean gallinule\nAmerican coot\nbustard\nruddy turnstone\n"
    "red-backed sandpiper\nredshank\ndowitcher\noystercatcher\npelican\nking penguin\n"
    "albatross\ngrey whale\nkiller whale\ndugong\nsea lion\nChihuahua\nJapanese spaniel\n"
    "Maltese dog\nPekinese\nShih-Tzu\nBlenheim spaniel\npapillon\ntoy terrier\n"
    "Rhodesian ridgeback\nAfghan hound\nbasset\nbeagle\nbloodhound\nbluetick\n"
    "black-and-tan coonhound\nWalker hound\nEnglish foxhound\nredbone\nborzoi\n"
    "Irish wolfhound\nItalian greyhound\nwhippet\nIbizan hound\nNorwegian elkhound\n"
    "otterhound\nSaluki\nScottish deerhound\nWeimaraner\nStaffordshire bullterrier\n"
    "American Staffordshire terrier\nBedlington terrier\nBorder terrier\nKerry blue terrier\n"
    "Irish terrier\nNorfolk terrier\nNorwich terrier\nYorkshire terrier\n"
    "wire-haired fox terrier\nLakeland terrier\nSealyham terrier\nAiredale\ncairn\n"
    "Australian terrier\nDandie Dinmont\nBoston bull\nminiature schnauzer\ngiant schnauzer\n"
    "standard schnauzer\nScotch terrier\nTibetan terrier\nsilky terrier\n"
    "soft-coated wheaten terrier\nWest Highland white terrier\nLhasa\nflat-coated retriever\n"
    "curly-coated retriever\ngolden retriever\nLabrador retriever\nChesapeake Bay retriever\n"
    "German short-haired pointer\nvizsla\nEnglish setter\nIrish setter\nGordon setter\n"
    "Brittany spaniel\nclumber\nEnglish springer\nWelsh springer spaniel\ncocker spaniel\n"
    "Sussex spaniel\nIrish water spaniel\nkuvasz\nschipperke\ngroenendael\nmalinois\nbriard\n"
    "kelpie\nkomondor\nOld English sheepdog\nShetland sheepdog\ncollie\nBorder collie\n"
    "Bouvier des Flandres\nRottweiler\nGerman shepherd\nDoberman\nminiature pinscher\n"
    "Greater Swiss Mountain dog\nBernese mountain dog\nAppenzeller\nEntleBucher\nboxer\n"
    "bull mastiff\nTibetan mastiff\nFrench bulldog\nGreat Dane\nSaint Bernard\nEskimo dog\n"
    "malamute\nSiberian husky\ndalmatian\naffenpinscher\nbasenji\npug\nLeonberg\n"
    "Newfoundland\nGreat Pyrenees\nSamoyed\nPomeranian\nchow\nkeeshond\nBrabancon griffon\n"
    "Pembroke\nCardigan\ntoy poodle\nminiature poodle\nstandard poodle\nMexican hairless\n"
    "timber wolf\nwhite wolf\nred wolf\ncoyote\ndingo\ndhole\nAfrican hunting dog\nhyena\n"
    "red fox\nkit fox\nArctic fox\ngrey fox\ntabby\ntiger cat\nPersian cat\nSiamese cat\n"
    "Egyptian cat\ncougar\nlynx\nleopard\nsnow leopard\njaguar\nlion\ntiger\ncheetah\n"
    "brown bear\nAmerican black bear\nice bear\nsloth bear\nmongoose\nmeerkat\ntiger beetle\n"
    "ladybug\nground beetle\nlong-horned beetle\nleaf beetle\ndung beetle\n"
    "rhinoceros beetle\nweevil\nfly\nbee\nant\ngrasshopper\ncricket\nwalking stick\n"
    "cockroach\nmantis\ncicada\nleafhopper\nlacewing\ndragonfly\ndamselfly\nadmiral\n"
    "ringlet\nmonarch\ncabbage butterfly\nsulphur butterfly\nlycaenid\nstarfish\nsea urchin\n"
    "sea cucumber\nwood rabbit\nhare\nAngora\nhamster\nporcupine\nfox squirrel\nmarmot\n"
    "beaver\nguinea pig\nsorrel\nzebra\nhog\nwild boar\nwarthog\nhippopotamus\nox\n"
    "water buffalo\nbison\nram\nbighorn\nibex\nhartebeest\nimpala\ngazelle\nArabian camel\n"
    "llama\nweasel\nmink\npolecat\nblack-footed ferret\notter\nskunk\nbadger\narmadillo\n"
    "three-toed sloth\norangutan\ngorilla\nchimpanzee\ngibbon\nsiamang\nguenon\npatas\n"
    "baboon\nmacaque\nlangur\ncolobus\nproboscis monkey\nmarmoset\ncapuchin\nhowler monkey\n"
    "titi\nspider monkey\nsquirrel monkey\nMadagascar cat\nindri\nIndian elephant\n"
    "African elephant\nlesser panda\ngiant panda\nbarracouta\neel\ncoho\nrock beauty\n"
    "anemone fish\nsturgeon\ngar\nlionfish\npuffer\nabacus\nabaya\nacademic gown\naccordion\n"
    "acoustic guitar\naircraft carrier\nairliner\nairship\naltar\nambulance\namphibian\n"
    "analog clock\napiary\napron\nashcan\nassault rifle\nbackpack\nbakery\nbalance beam\n"
    "balloon\nballpoint\nBand Aid\nbanjo\nbannister\nbarbell\nbarber chair\nbarbershop\n"
    "barn\nbarometer\nbarrel\nbarrow\nbaseball\nbasketball\nbassinet\nbassoon\nbathing cap\n"
    "bath towel\nbathtub\nbeach wagon\nbeacon\nbeaker\nbearskin\nbeer bottle\nbeer glass\n"
    "bell cote\nbib\nbicycle-built-for-two\nbikini\nbinder\nbinoculars\nbirdhouse\n"
    "boathouse\nbobsled\nbolo tie\nbonnet\nbookcase\nbookshop\nbottlecap\nbow\nbow tie\n"
    "brass\nbrassiere\nbreakwater\nbreastplate\nbroom\nbucket\nbuckle\nbulletproof vest\n"
    "bullet train\nbutcher shop\ncab\ncaldron\ncandle\ncannon\ncanoe\ncan opener\ncardigan\n"
    "car mirror\ncarousel\ncarpenter's kit\ncarton\ncar wheel\ncash machine\ncassette\n"
    "cassette player\ncastle\ncatamaran\nCD player\ncello\ncellular telephone\nchain\n"
    "chainlink fence\nchain mail\nchain saw\nchest\nchiffonier\nchime\nchina cabinet\n"
    "Christmas stocking\nchurch\ncinema\ncleaver\ncliff dwelling\ncloak\nclog\n"
    "cocktail shaker\ncoffee mug\ncoffeepot\ncoil\ncombination lock\ncomputer keyboard\n"
    "confectionery\ncontainer ship\nconvertible\ncorkscrew\ncornet\ncowboy boot\ncowboy hat\n"
    "cradle\ncrane\ncrash helmet\ncrate\ncrib\nCrock Pot\ncroquet ball\ncrutch\ncuirass\n"
    "dam\ndesk\ndesktop computer\ndial telephone\ndiaper\ndigital clock\ndigital watch\n"
    "dining table\ndishrag\ndishwasher\ndisk brake\ndock\ndogsled\ndome\ndoormat\n"
    "drilling platform\ndrum\ndrumstick\ndumbbell\nDutch oven\nelectric fan\n"
    "electric guitar\nelectric locomotive\nentertainment center\nenvelope\nespresso maker\n"
    "face powder\nfeather boa\nfile\nfireboat\nfire engine\nfire screen\nflagpole\nflute\n"
    "folding chair\nfootball helmet\nforklift\nfountain\nfountain pen\nfour-poster\n"
    "freight car\nFrench horn\nfrying pan\nfur coat\ngarbage truck\ngasmask\ngas pump\n"
    "goblet\ngo-kart\ngolf ball\ngolfcart\ngondola\ngong\ngown\ngrand piano\ngreenhouse\n"
    "grille\ngrocery store\nguillotine\nhair slide\nhair spray\nhalf track\nhammer\nhamper\n"
    "hand blower\nhand-held computer\nhandkerchief\nhard disc\nharmonica\nharp\nharvester\n"
    "hatchet\nholster\nhome theater\nhoneycomb\nhook\nhoopskirt\nhorizontal bar\nhorse cart\n"
    "hourglass\niPod\niron\njack-o'-lantern\njean\njeep\njersey\njigsaw puzzle\njinrikisha\n"
    "joystick\nkimono\nknee pad\nknot\nlab coat\nladle\nlampshade\nlaptop\nlawn mower\n"
    "lens cap\nletter opener\nlibrary\nlifeboat\nlighter\nlimousine\nliner\nlipstick\n"
    "Loafer\nlotion\nloudspeaker\nloupe\nlumbermill\nmagnetic compass\nmailbag\nmailbox\n"
    "maillot\nmaillot tank suit\nmanhole cover\nmaraca\nmarimba\nmask\nmatchstick\nmaypole\n"
    "maze\nmeasuring cup\nmedicine chest\nmegalith\nmicrophone\nmicrowave\nmilitary uniform\n"
    "milk can\nminibus\nminiskirt\nminivan\nmissile\nmitten\nmixing bowl\nmobile home\n"
    "Model T\nmodem\nmonastery\nmonitor\nmoped\nmortar\nmortarboard\nmosque\nmosquito net\n"
    "motor scooter\nmountain bike\nmountain tent\nmouse\nmousetrap\nmoving van\nmuzzle\n"
    "nail\nneck brace\nnecklace\nnipple\nnotebook\nobelisk\noboe\nocarina\nodometer\n"
    "oil filter\norgan\noscilloscope\noverskirt\noxcart\noxygen mask\npacket\npaddle\n"
    "paddlewheel\npadlock\npaintbrush\npajama\npalace\npanpipe\npaper towel\nparachute\n"
    "parallel bars\npark bench\nparking meter\npassenger car\npatio\npay-phone\npedestal\n"
    "pencil box\npencil sharpener\nperfume\nPetri dish\nphotocopier\npick\npickelhaube\n"
    "picket fence\npickup\npier\npiggy bank\npill bottle\npillow\nping-pong ball\npinwheel\n"
    "pirate\npitcher\nplane\nplanetarium\nplastic bag\nplate rack\nplow\nplunger\n"
    "Polaroid camera\npole\npolice van\nponcho\npool table\npop bottle\npot\npotter's wheel\n"
    "power drill\nprayer rug\nprinter\nprison\nprojectile\nprojector\npuck\npunching bag\n"
    "purse\nquill\nquilt\nracer\nracket\nradiator\nradio\nradio telescope\nrain barrel\n"
    "recreational vehicle\nreel\nreflex camera\nrefrigerator\nremote control\nrestaurant\n"
    "revolver\nrifle\nrocking chair\nrotisserie\nrubber eraser\nrugby ball\nrule\n"
    "running shoe\nsafe\nsafety pin\nsaltshaker\nsandal\nsarong\nsax\nscabbard\nscale\n"
    "school bus\nschooner\nscoreboard\nscreen\nscrew\nscrewdriver\nseat belt\n"
    "sewing machine\nshield\nshoe shop\nshoji\nshopping basket\nshopping cart\nshovel\n"
    "shower cap\nshower curtain\nski\nski mask\nsleeping bag\nslide rule\nsliding door\n"
    "slot\nsnorkel\nsnowmobile\nsnowplow\nsoap dispenser\nsoccer ball\nsock\nsolar dish\n"
    "sombrero\nsoup bowl\nspace bar\nspace heater\nspace shuttle\nspatula\nspeedboat\n"
    "spider web\nspindle\nsports car\nspotlight\nstage\nsteam locomotive\nsteel arch bridge\n"
    "steel drum\nstethoscope\nstole\nstone wall\nstopwatch\nstove\nstrainer\nstreetcar\n"
    "stretcher\nstudio couch\nstupa\nsubmarine\nsuit\nsundial\nsunglass\nsunglasses\n"
    "sunscreen\nsuspension bridge\nswab\nsweatshirt\nswimming trunks\nswing\nswitch\n"
    "syringe\ntable lamp\ntank\ntape player\nteapot\nteddy\ntelevision\ntennis ball\nthatch\n"
    "theater curtain\nthimble\nthresher\nthrone\ntile roof\ntoaster\ntobacco shop\n"
    "toilet seat\ntorch\ntotem pole\ntow truck\ntoyshop\ntractor\ntrailer truck\ntray\n"
    "trench coat\ntricycle\ntrimaran\ntripod\ntriumphal arch\ntrolleybus\ntrombone\ntub\n"
    "turnstile\ntypewriter keyboard\numbrella\nunicycle\nupright\nvacuum\nvase\nvault\n"
    "velvet\nvending machine\nvestment\nviaduct\nviolin\nvolleyball\nwaffle iron\n"
    "wall clock\nwallet\nwardrobe\nwarplane\nwashbasin\nwasher\nwater bottle\nwater jug\n"
    "water tower\nwhiskey jug\nwhistle\nwig\nwindow screen\nwindow shade\nWindsor tie\n"
    "wine bottle\nwing\nwok\nwooden spoon\nwool\nworm fence\nwreck\nyawl\nyurt\nweb site\n"
    "comic book\ncrossword puzzle\nstreet sign\ntraffic light\nbook jacket\nmenu\nplate\n"
    "guacamole\nconsomme\nhot pot\ntrifle\nice cream\nice lolly\nFrench loaf\nbagel\n"
    "pretzel\ncheeseburger\nhotdog\nmashed potato\nhead cabbage\nbroccoli\ncauliflower\n"
    "zucchini\nspaghetti squash\nacorn squash\nbutternut squash\ncucumber\nartichoke\n"
    "bell pepper\ncardoon\nmushroom\nGranny Smith\nstrawberry\norange\nlemon\nfig\n"
    "pineapple\nbanana\njackfruit\ncustard apple\npomegranate\nhay\ncarbonara\n"
    "chocolate sauce\ndough\nmeat loaf\npizza\npotpie\nburrito\nred wine\nespresso\ncup\n"
    "eggnog\nalp\nbubble\ncliff\ncoral reef\ngeyser\nlakeside\npromontory\nsandbar\n"
    "seashore\nvalley\nvolcano\nballplayer\ngroom\nscuba diver\nrapeseed\ndaisy\n"
    "yellow lady's slipper\ncorn\nacorn\nhip\nbuckeye\ncoral fungus\nagaric\ngyromitra\n"
    "stinkhorn\nearthstar\nhen-of-the-woods\nbolete\near\ntoilet tissue\n";

static const struct {
    const char *list, *names, *ids;
} lists[] = {{"coco80", coco80, coco80_ids}, {"coco90", coco90, coco90_ids},
             {"voc21", voc21, NULL},         {"coco91", coco91, NULL},
             {"cifar10", cifar10, NULL},     {"imagenet1000", imagenet1000, NULL}};

const char *gd_class_list(const char *list) {
    for (size_t i = 0; list && i < sizeof lists / sizeof *lists; i++)
        if (!strcmp(lists[i].list, list)) return lists[i].names;
    return NULL;
}

const char *gd_class_list_ids(const char *list) {
    for (size_t i = 0; list && i < sizeof lists / sizeof *lists; i++)
        if (!strcmp(lists[i].list, list)) return lists[i].ids;
    return NULL;
}
